/**
 * One node: its configuration, and the start, drain and stop of everything it runs.
 * The rules are on the floors below; here they get sockets, disks, keys and signals.
 */
export type { Build } from './builds.js';
export { readConfig } from './config.js';
export type { ConfigSources, NodeConfig } from './config.js';
export { checkConfig } from './check-config.js';
export type { ConfigCheck } from './check-config.js';
export { examineNode } from './examine.js';
export type { Finding } from './examine.js';
export { chainFault } from './credentials.js';
export { moveStore } from './move-store.js';
export type { StoreMove } from './move-store.js';
export { Node } from './node.js';
export type { NodeAddresses, NodeCounts } from './node.js';
export { startReplica } from './replica.js';
export type { Replica, ReplicaConfig, ReplicaPorts } from './replica.js';
export { boundOf } from './setting-bounds.js';
export { SETTINGS } from './settings.js';
export type { Setting } from './settings.js';
