/**
 * The machine under a node: clock, randomness, signature checks, log lines, the node key and what is sealed with it, the
 * data directory and its lock, certificates. Adapters of ports, and the files that `quorate certs init` makes.
 * Nothing here knows what the cluster agrees on.
 */
export { inlineCompute } from './compute/inline.js';
export { workersByDefault, WORKERS_MAX } from './compute/limits.js';
export { WorkerPool } from './compute/pool.js';
export { createAuthority, issueCertificate, KEY_TYPES } from './certificates.js';
export type { Credential, KeyType, LeafRequest } from './certificates.js';
export { systemClock } from './clock.js';
export { identityPathOf, openDataDirectory } from './data-directory.js';
export type { DataDirectory } from './data-directory.js';
export { writePrivateFile, writePublicFile } from './files.js';
export { newIdentity, openIdentity } from './identity-file.js';
export type { IdentityOwner, NewIdentity } from './identity-file.js';
export { lockDataDirectory } from './lock.js';
export type { Lock } from './lock.js';
export { jsonLogger } from './logger.js';
export type { LogLevel } from './logger.js';
export { readKeyFile } from './key-files.js';
export { createNodeKey, nodeKeyOf, wrappingKeyOf } from './node-key.js';
export { loadNodeKey, takeVariable } from './node-key-source.js';
export type { Environment, NodeKeySource } from './node-key-source.js';
export { newPassphraseKey } from './passphrase.js';
export type { PassphraseHeader } from './passphrase.js';
export { guardMemory } from './process-guard.js';
export { systemRandom } from './random.js';
export { remembering } from './verified.js';
export { nodeVerify, selfTest } from './verify.js';
