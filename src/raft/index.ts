/**
 * Consensus over opaque bytes: Raft (Ongaro and Ousterhout 2014; sections are those of the paper) with PreVote,
 * CheckQuorum and ReadIndex of Ongaro's dissertation, a chain of hashes through the log, and timestamps that a majority
 * of clocks has reached. A pure core decides; the driver sends, saves and waits. It does not know what an entry means,
 * what a key or a task is, or how messages travel.
 */
export { decodeMessage, decodePeerMessage, isReadAbove } from './decode-message.js';
export { RaftDriver } from './driver.js';
export type {
  Machine,
  Part,
  PeerStatus,
  QuorumStatus,
  RaftDriverParts,
  RaftStatus,
} from './driver-parts.js';
export { encodeMessage, toWireEntry } from './encode-message.js';
export { ENTRY_KINDS, entryHash, sealEntry, ZERO_HASH } from './entry-hash.js';
export type { EntryFields } from './entry-hash.js';
export { LIMITS, MESSAGE_BYTES_MAX, PAYLOAD_BYTES_MAX, TIMING } from './limits.js';
export type { Limits, Timing } from './limits.js';
export type { LogSizes } from './log-sizes.js';
export type { TransferRefusal } from './begin-transfer.js';
export type { Agreed } from './core.js';
export type {
  Acknowledgement,
  Append,
  AppendAnswer,
  AppendReply,
  Message,
  ReadReply,
  ReadRequest,
  TimeReply,
  TimeoutNow,
  TimeRequest,
  VoteReply,
  VoteRequest,
} from './messages.js';
export type { PeerMessage } from './peer-message.js';
export { isOfCheckpoints } from './checkpoints/messages.js';
export type { CheckpointMessage } from './checkpoints/messages.js';
export type { EvidenceParts } from './evidence/parts.js';
export { forkEvidenceToBytes } from './forks/codec.js';
export { liarIn } from './forks/fork-evidence.js';
export type { ForkEvidence } from './forks/fork-evidence.js';
export type { LogStanding } from './forks/forks.js';
export { CHECKPOINT_LIMITS } from './checkpoints/limits.js';
export type { CheckpointLimits } from './checkpoints/limits.js';
export type { Electorate } from './checkpoints/mark.js';
export type { CheckpointParts, CheckpointState } from './checkpoints/parts.js';
export type { Loaded, RaftConfig } from './open.js';
export { createRaft, Raft } from './raft.js';
export type { RoleName } from './raft.js';
export type { Led } from './transfer-waiters.js';
export type { Ready, Urgent } from './ready.js';
