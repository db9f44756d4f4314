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

/** The place of an entry in the chain. */
export type Link = Pick<Entry, 'index' | 'term' | 'timeMs' | 'hash'>;

/** A part of the log that is read back: entries one after another, and the place of the one before them. */
export type LogPage = { readonly previous: Link; readonly entries: readonly Entry[] };

/** Where a log begins whose first entries were removed. */
export type LogFront = {
  /** The last entry that was removed. */
  readonly before: Link;
  /** The hash of the genesis, which was among them: whose log it is. 32 bytes. */
  readonly genesisHash: Uint8Array;
};

/** How much of the log is read at once. */
export type LogPageLimits = {
  readonly entriesMax: number;
  /** Of their payloads. The first entry comes whatever its length. */
  readonly bytesMax: number;
};

/** One write to the replicated state; no value deletes. */
export type Write = readonly [key: Uint8Array, value: Uint8Array | undefined];

/** One record of the replicated state. */
export type Row = readonly [key: Uint8Array, value: Uint8Array];

/** The state as it was when this was opened, whatever is written since. To be closed, and soon: it keeps room on the disk. */
export interface StateReading {
  /** The rows behind the key `after`, or all, in bytewise order of keys. Read in one turn, to the end or not. */
  rows(after?: Uint8Array): Iterable<Row>;
  close(): void;
}

/** The end of a node's audit log: the chain with all lines of the entries up to one. */
export type AuditHead = {
  readonly index: LogIndex;
  /** The last line's number; 0 before the first. */
  readonly line: number;
  /** The last line's hash, 32 bytes. */
  readonly hash: Uint8Array;
};
/** A record of this node alone, in place of the one that had its name. At most {@link NOTE_NAME_BYTES_MAX} of ASCII. */
export type Note = readonly [name: string, value: Uint8Array];

export const NOTE_NAME_BYTES_MAX = 200;

/** A batch of writes that become durable together, or not at all. */
export type Persist = {
  readonly hardState?: HardState;
  /** Entries from this index on are removed before `entries` are added. */
  readonly truncateFrom?: LogIndex;
  readonly entries: readonly Entry[];
  /** The front of the log is removed. */
  readonly front?: LogFront;
  readonly writes: readonly Write[];
  /** Beside the log and the replicated state: they stay when a snapshot takes the place of both. */
  readonly notes?: readonly Note[];
  /** The last entry whose writes are in the state, these included. */
  readonly applied: LogIndex;
  /** The audit log as it was at `applied`; the one before stays where it is absent. */
  readonly audit?: AuditHead | undefined;
  /**
   * The state that was staged takes the place of the one in use, and a log without entries, which goes on behind this place,
   * that of the log. Entries and writes are none then, and `applied` is its index.
   */
  readonly installed?: LogFront;
};

/** The data that a node had saved. */
export type StoredLog = {
  readonly hardState: HardState;
  /** Nothing of a log that begins with its genesis. */
  readonly front: LogFront | undefined;
  /** The whole log behind its front. It is read while it is iterated, so that it need not be in memory; once. */
  readonly entries: Iterable<Entry>;
  /** Whether there never was an entry. */
  readonly isEmpty: boolean;
  readonly applied: LogIndex;
  /** As the last batch that had one said it. */
  readonly audit?: AuditHead | undefined;
  /** By name. */
  readonly notes: ReadonlyMap<string, Uint8Array>;
};

/** The log and the replicated state, in one transaction. */
export interface ConsensusStore {
  load(): Promise<StoredLog>;
  /**
   * Of the durable log, the entries behind `after` as far as the limits go; synchronous. `undefined` when the log does not
   * have the place `after`, or nothing behind it. It has that of the last entry before its front, or 0.
   *
   * @throws ClusterError `data-loss` for a record that cannot be read.
   */
  readLog(after: LogIndex, limits: LogPageLimits): LogPage | undefined;
  /**
   * Resolves when all of `batch` is durable. One call at a time. A rejection with the reason `DISK_FULL` has begun nothing, and
   * the same batch may be given again; any other ends the process: whether that batch is durable is not known.
   */
  persist(batch: Persist): Promise<void>;
  /** Of the durable state only; synchronous. The caller does not alter what it gets. */
  get(key: Uint8Array): Uint8Array | undefined;
  /** All keys that begin with `prefix`, in bytewise order, from `from` (a whole key, included) on; synchronous. */
  scan(prefix: Uint8Array, from?: Uint8Array): Iterable<readonly [Uint8Array, Uint8Array]>;
  /** The durable state as it is now. */
  readState(): StateReading;
  /**
   * Adds rows to a state that is put together beside the one in use, and takes its place when a batch says so. Resolves when
   * they are durable. One call at a time; also while a batch is being written.
   *
   * @param isFirst - What was staged before is forgotten.
   */
  stage(rows: readonly Row[], isFirst: boolean): Promise<void>;
  close(): Promise<void>;
}
