import { isId, nodeId, unreachable } from '../common/index.js';
import type { LogIndex, Millis, NodeId, Term } from '../common/index.js';
import type { Entry } from '../ports/index.js';
import { AppendRefusal, decode, encode, RaftMessage as WireMessage } from '../wire/index.js';
import type { LogEntry } from '../wire/index.js';
import { HASH_BYTES, KINDS } from './entry-hash.js';
import { LIMITS, MESSAGE_BYTES_MAX, PAYLOAD_BYTES_MAX } from './limits.js';

type Head<T extends string> = {
  readonly type: T;
  readonly from: NodeId;
  readonly to: NodeId;
  readonly term: Term;
};

/** Asks for a vote (Raft §5.2), or, `pre`, whether one would be granted in `term`, which nobody has entered yet (§9.6). */
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
  /** As above, but the entry behind `match` is too far ahead in time. */
  | { readonly refused: 'time'; readonly match: LogIndex }
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

/** Asks the leader for a commit index that is at least what was committed when this was sent. */
export type ReadRequest = Head<'read-request'> & { readonly readId: number };

/** Without an index: a refusal. */
export type ReadReply = Head<'read-reply'> & {
  readonly readId: number;
  readonly index: LogIndex | undefined;
};

/** Everything that nodes tell each other about the log. */
export type Message = VoteRequest | VoteReply | Append | AppendReply | ReadRequest | ReadReply;

/** The message as protobuf, at most {@link MESSAGE_BYTES_MAX} long. */
export function encodeMessage(message: Message): Uint8Array {
  return encode(WireMessage, {
    from: message.from,
    to: message.to,
    term: BigInt(message.term),
    message: toWire(message),
  });
}

function toWire(message: Message): WireMessage['message'] {
  switch (message.type) {
    case 'vote-request':
      return {
        $case: 'voteRequest',
        value: {
          preVote: message.pre,
          lastIndex: BigInt(message.lastIndex),
          lastTerm: BigInt(message.lastTerm),
        },
      };
    case 'vote-reply':
      return {
        $case: 'voteReply',
        value: {
          preVote: message.pre,
          granted: message.granted,
          clockMs: BigInt(message.clockMs),
        },
      };
    case 'append':
      return {
        $case: 'append',
        value: {
          prevIndex: BigInt(message.prevIndex),
          prevTerm: BigInt(message.prevTerm),
          prevHash: message.prevHash,
          entries: message.entries.map(toWireEntry),
          commitIndex: BigInt(message.commit),
          round: BigInt(message.round),
        },
      };
    case 'append-reply':
      return {
        $case: 'appendReply',
        value: {
          ...toWireAnswer(message.answer),
          clockMs: BigInt(message.clockMs),
          round: BigInt(message.round),
        },
      };
    case 'read-request':
      return { $case: 'readRequest', value: { readId: BigInt(message.readId) } };
    case 'read-reply':
      return {
        $case: 'readReply',
        value: { readId: BigInt(message.readId), index: BigInt(message.index ?? 0) },
      };
    default:
      return unreachable(message);
  }
}

/** `match_index` is the index in question: of a conflict, the `prev_index` that was not found. */
function toWireAnswer(answer: AppendAnswer): {
  matchIndex: bigint;
  refusal: AppendRefusal;
  hintIndex: bigint;
  hintTerm: bigint;
} {
  if (answer.refused === 'conflict') {
    return {
      matchIndex: BigInt(answer.prevIndex),
      refusal: AppendRefusal.CONFLICT,
      hintIndex: BigInt(answer.hintIndex),
      hintTerm: BigInt(answer.hintTerm),
    };
  }
  return {
    matchIndex: BigInt(answer.match),
    refusal: answer.refused === 'time' ? AppendRefusal.TIME : AppendRefusal.UNSPECIFIED,
    hintIndex: 0n,
    hintTerm: 0n,
  };
}

function toWireEntry(entry: Entry): LogEntry {
  return {
    index: BigInt(entry.index),
    term: BigInt(entry.term),
    kind: KINDS.indexOf(entry.kind),
    timeMs: BigInt(entry.timeMs),
    payload: entry.payload,
    hash: entry.hash,
  };
}

/**
 * Reads what a peer sent, or gives `undefined` for bytes that no correct node sends: not canonical, out of range, or
 * contradicting themselves. It knows nothing of this node's log or term. Never throws.
 */
export function decodeMessage(bytes: Uint8Array): Message | undefined {
  if (bytes.length > MESSAGE_BYTES_MAX) return undefined;
  const wire = decode(WireMessage, bytes);
  if (wire === undefined || !isId(wire.from) || !isId(wire.to)) return undefined;
  const head = {
    from: nodeId(wire.from),
    to: nodeId(wire.to),
    term: integer(wire.term),
  };
  if (!(head.term >= 1) || wire.message === undefined) return undefined;
  return fromWire(head, wire.message);
}

type AnyHead = Omit<Head<string>, 'type'>;

function fromWire(head: AnyHead, wire: NonNullable<WireMessage['message']>): Message | undefined {
  switch (wire.$case) {
    case 'voteRequest': {
      const lastIndex = integer(wire.value.lastIndex);
      const lastTerm = integer(wire.value.lastTerm);
      // A log has its genesis, and nobody asks for a vote in a term that its log has already seen.
      if (!(lastIndex >= 1) || !(lastTerm >= 1) || lastTerm >= head.term) return undefined;
      return { type: 'vote-request', ...head, pre: wire.value.preVote, lastIndex, lastTerm };
    }
    case 'voteReply': {
      const clockMs = integer(wire.value.clockMs);
      if (Number.isNaN(clockMs)) return undefined;
      const { preVote: pre, granted } = wire.value;
      return { type: 'vote-reply', ...head, pre, granted, clockMs };
    }
    case 'append':
      return fromWireAppend(head, wire.value);
    case 'appendReply': {
      const clockMs = integer(wire.value.clockMs);
      const round = integer(wire.value.round);
      const answer = fromWireAnswer(wire.value);
      if (Number.isNaN(clockMs) || Number.isNaN(round) || answer === undefined) return undefined;
      return { type: 'append-reply', ...head, round, clockMs, answer };
    }
    case 'readRequest': {
      const readId = integer(wire.value.readId);
      return readId >= 1 ? { type: 'read-request', ...head, readId } : undefined;
    }
    case 'readReply': {
      const readId = integer(wire.value.readId);
      const index = integer(wire.value.index);
      if (!(readId >= 1) || Number.isNaN(index)) return undefined;
      return { type: 'read-reply', ...head, readId, index: index === 0 ? undefined : index };
    }
    default:
      return unreachable(wire);
  }
}

function fromWireAppend(
  head: AnyHead,
  wire: Extract<NonNullable<WireMessage['message']>, { $case: 'append' }>['value'],
): Append | undefined {
  const round = integer(wire.round);
  const commit = integer(wire.commitIndex);
  const prevIndex = integer(wire.prevIndex);
  const prevTerm = integer(wire.prevTerm);
  if ([round, commit, prevIndex, prevTerm].some(Number.isNaN)) return undefined;
  if ((prevIndex === 0) !== (prevTerm === 0) || prevTerm > head.term) return undefined;
  if (wire.prevHash.length !== HASH_BYTES) return undefined;
  if (wire.entries.length > LIMITS.appendEntriesMax) return undefined;

  const entries: Entry[] = [];
  let term = Math.max(prevTerm, 1);
  for (const [position, each] of wire.entries.entries()) {
    const entry = fromWireEntry(each);
    if (entry === undefined || entry.index !== prevIndex + 1 + position) return undefined;
    if (entry.term < term || entry.term > head.term) return undefined;
    term = entry.term;
    entries.push(entry);
  }
  const { prevHash } = wire;
  return { type: 'append', ...head, round, prevIndex, prevTerm, prevHash, entries, commit };
}

function fromWireEntry(wire: LogEntry): Entry | undefined {
  const index = integer(wire.index);
  const term = integer(wire.term);
  const timeMs = integer(wire.timeMs);
  const kind = KINDS[wire.kind];
  if (Number.isNaN(index) || Number.isNaN(term) || Number.isNaN(timeMs)) return undefined;
  if (kind === undefined || (kind === 'genesis') !== (index === 1)) return undefined;
  if (wire.hash.length !== HASH_BYTES || wire.payload.length > PAYLOAD_BYTES_MAX) return undefined;
  return { index, term, kind, timeMs, payload: wire.payload, hash: wire.hash };
}

function fromWireAnswer(
  wire: Extract<NonNullable<WireMessage['message']>, { $case: 'appendReply' }>['value'],
): AppendAnswer | undefined {
  const index = integer(wire.matchIndex);
  const hintIndex = integer(wire.hintIndex);
  const hintTerm = integer(wire.hintTerm);
  if ([index, hintIndex, hintTerm].some(Number.isNaN)) return undefined;
  if (wire.refusal === AppendRefusal.CONFLICT) {
    return { refused: 'conflict', prevIndex: index, hintIndex, hintTerm };
  }
  if (hintIndex !== 0 || hintTerm !== 0) return undefined;
  if (wire.refusal === AppendRefusal.TIME) return { refused: 'time', match: index };
  if (wire.refusal === AppendRefusal.UNSPECIFIED) return { refused: undefined, match: index };
  return undefined;
}

/** A uint64 that a number can hold, else NaN. */
function integer(value: bigint): number {
  return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : NaN;
}
