import type { LogIndex, Millis, NodeId, Term } from '../common/index.js';
import type { Entry } from '../ports/index.js';

type Head<T extends string> = {
  readonly type: T;
  readonly from: NodeId;
  readonly to: NodeId;
  readonly term: Term;
};

/** Asks for a vote (Raft §5.2), or, `pre`, whether one would be granted in `term`, which no node has entered yet (§9.6). */
export type VoteRequest = Head<'vote-request'> & {
  readonly pre: boolean;
  readonly lastIndex: LogIndex;
  readonly lastTerm: Term;
};

/** The term is the voter's, but that of the request where a pre-vote is granted. */
export type VoteReply = Head<'vote-reply'> & {
  readonly pre: boolean;
  readonly granted: boolean;
  readonly clockMs: Millis;
};

/** Entries behind `prevIndex`, or none: then it is a heartbeat, or carries a commit index or a round (Raft §5.3). */
export type Append = Head<'append'> & {
  /** Counts what the leader wants confirmed, so that an answer tells what it confirms. */
  readonly round: number;
  readonly prevIndex: LogIndex;
  readonly prevTerm: Term;
  readonly prevHash: Uint8Array;
  readonly entries: readonly Entry[];
  readonly commit: LogIndex;
};

export type AppendAnswer =
  /** The log equals the leader's up to `match`, durably. */
  | { readonly refused: undefined; readonly match: LogIndex }
  /** As above, but the entry behind `match` is too far ahead in time, or there is no room for it. */
  | { readonly refused: 'time' | 'room'; readonly match: LogIndex }
  /** No such entry at `prevIndex`. The logs agree at `hintIndex` at the latest, where the term here is `hintTerm`. */
  | {
      readonly refused: 'conflict';
      readonly prevIndex: LogIndex;
      readonly hintIndex: LogIndex;
      readonly hintTerm: Term;
    };

export type AppendReply = Head<'append-reply'> & {
  readonly round: number;
  readonly clockMs: Millis;
  readonly answer: AppendAnswer;
};

/**
 * A voter's word to another: its log equals that of the term's leader up to `index`, durably. It is made by answering an
 * append of that term or, at the leader, by a finished write. It is no answer to an append.
 */
export type Acknowledgement = Head<'acknowledgement'> & {
  readonly index: LogIndex;
  /** The chain's at `index`. */
  readonly hash: Uint8Array;
  readonly clockMs: Millis;
  readonly incarnation: number;
  /** 16 bytes. */
  readonly boot: Uint8Array;
  readonly order: number;
  /**
   * 64 bytes by the voter's identity key; zeros before it leaves. Verified before it is kept: the stream says who speaks, and
   * that is enough to count it.
   */
  readonly signature: Uint8Array;
};

/** Asks the leader for a commit index that is at least what was committed when this was sent. */
export type ReadRequest = Head<'read-request'> & { readonly readId: number };

/** Without an index: a refusal. */
export type ReadReply = Head<'read-reply'> & {
  readonly readId: number;
  readonly index: LogIndex | undefined;
};

/** Asks a voter how far the log's time has come there. */
export type TimeRequest = Head<'time-request'>;

/** The timestamp of the last entry that the sender has applied. */
export type TimeReply = Head<'time-reply'> & { readonly timeMs: Millis };

/**
 * The word of a leader, to every voter, that `target` is to lead the next term: the target stands at once, if its log reaches the
 * leader's last entry, and the others let its election pass (dissertation §3.10).
 */
export type TimeoutNow = Head<'timeout-now'> & {
  readonly target: NodeId;
  readonly lastIndex: LogIndex;
  readonly lastTerm: Term;
};

/** Everything that nodes tell each other about the log. */
export type Message =
  | VoteRequest
  | VoteReply
  | Append
  | AppendReply
  | Acknowledgement
  | ReadRequest
  | ReadReply
  | TimeRequest
  | TimeReply
  | TimeoutNow;
