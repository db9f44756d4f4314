import type { LogIndex, Millis, NodeId, Term } from '../common/index.js';

/** The state that Raft must never forget beside the log (Raft, figure 2: persistent state). */
export type HardState = { readonly term: Term; readonly votedFor: NodeId | undefined };

export type EntryKind = 'genesis' | 'no-op' | 'command' | 'member';

/** One entry of the log. `hash` = SHA-256(previous hash ‖ u64 index ‖ u64 term ‖ u8 kind ‖ u64 time ‖ payload). */
export type Entry = {
  readonly index: LogIndex;
  readonly term: Term;
  readonly kind: EntryKind;
  readonly timeMs: Millis;
  readonly payload: Uint8Array;
  /** 32 bytes: chain and checksum in one. */
  readonly hash: Uint8Array;
};

/** One write to the replicated state; no value deletes. */
export type Write = readonly [key: Uint8Array, value: Uint8Array | undefined];

/** A batch of writes that become durable together, or not at all. */
export type Persist = {
  readonly hardState?: HardState;
  /** Entries from this index on are removed before `entries` are added. */
  readonly truncateFrom?: LogIndex;
  readonly entries: readonly Entry[];
  readonly writes: readonly Write[];
  /** The last entry whose writes are in the state, these included. */
  readonly applied: LogIndex;
};

/** The log and the replicated state, in one transaction. */
export interface ConsensusStore {
  load(): Promise<{
    readonly hardState: HardState;
    readonly entries: readonly Entry[];
    readonly applied: LogIndex;
  }>;
  /** Resolves when all of `batch` is durable. One call at a time. A rejection ends the process: never retried. */
  persist(batch: Persist): Promise<void>;
  /** Of the durable state only; synchronous. The caller does not alter what it gets. */
  get(key: Uint8Array): Uint8Array | undefined;
  /** All keys that begin with `prefix`, in bytewise order, from `from` (a whole key, included) on; synchronous. */
  scan(prefix: Uint8Array, from?: Uint8Array): Iterable<readonly [Uint8Array, Uint8Array]>;
  close(): Promise<void>;
}
