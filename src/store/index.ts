/**
 * Adapters of the storage ports: lmdb for a node, memory for tests and simulations. The log, the hard state and the
 * replicated state share one transaction; key shares arrive sealed, and nothing here could open them.
 * What a value means is not known here, but for the log entries, which are kept as `LogEntry` messages.
 */
export { openLmdbStore } from './lmdb/environment.js';
export type { LmdbStore } from './lmdb/environment.js';
export { memoryConsensusStore } from './memory/consensus-store.js';
export { memoryShareStore } from './memory/share-store.js';
