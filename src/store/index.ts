/**
 * Adapters of the storage ports: lmdb for a node, MongoDB for its key shares alone, memory for tests and simulations. The log, the hard state and the
 * replicated state share one transaction; key shares are kept apart, arrive sealed, and nothing here could unseal them.
 * The store does not know the meaning of values, except log entries, which are kept as `LogEntry` messages.
 */
export { freeBytesOf } from './disk-space.js';
export { DiskRoom, LOW_BELOW_BYTES, NONE_BELOW_BYTES } from './disk-room.js';
export { readAuditHead } from './lmdb/audit-head.js';
export { openLmdbConsensusStore } from './lmdb/consensus-store.js';
export type { StoreOwner } from './lmdb/environment.js';
export { lookApart } from './lmdb/look-apart.js';
export { openLmdbShareStore } from './lmdb/share-store.js';
export { memoryAuditFiles } from './memory/audit-files.js';
export { memoryConsensusStore } from './memory/consensus-store.js';
export { memorySnapshotFiles } from './memory/snapshot-files.js';
export { memoryShareStore } from './memory/share-store.js';
export { hasPassword, isMongoUri, isUnsafeUri } from './mongo/place.js';
export type { MongoPlace } from './mongo/place.js';
export { openMongoShareStore } from './open-mongo.js';
export { moveShares } from './move-shares.js';
export type { Moved, MoveStep, OnMoved } from './move-shares.js';
export { openStores } from './open-stores.js';
export type { StorePaths, Stores } from './open-stores.js';
export { requireEmbedded, requireHere } from './placement.js';
export { ACTIVE, EMBEDDED } from './standing.js';
export type { Standing, StandingStore } from './standing.js';
