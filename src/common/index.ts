/**
 * Words that every room uses: ids, bytes, errors, results, budgets. It imports nothing and knows nothing of Raft, keys or gRPC.
 */
export { Budgets } from './budgets.js';
export type { Rate } from './budgets.js';
export {
  compare,
  compareText,
  concat,
  equal,
  fromHex,
  toHex,
  u32be,
  u64be,
  utf8,
} from './bytes.js';
export { codeOf, whyUnreadable } from './error-code.js';
export { assert, Bug, ClusterError, damagedLog, unreachable, wordsOf } from './errors.js';
export type { ErrorCode, ErrorDetails } from './errors.js';
export { isKeyExposed } from './file-modes.js';
export {
  BOOT_BYTES,
  bootId,
  clusterId,
  ID_PATTERN,
  isId,
  isTaskId,
  keyId,
  nodeId,
  sessionId,
  taskId,
} from './ids.js';
export { mayTake, SharedPlaces } from './fair-share.js';
export { printable } from './printable.js';
export { refusal, refusalError, refuse } from './result.js';
export type { Refusal, Result } from './result.js';
export type {
  Boot,
  ClusterId,
  KeyId,
  LogIndex,
  Millis,
  NodeId,
  PartyIndex,
  SessionId,
  TaskId,
  Term,
} from './ids.js';
