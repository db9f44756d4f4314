import { unreachable } from '../common/index.js';
import type { Entry } from '../ports/index.js';
import { AppendRefusal, encode, RaftMessage as WireMessage } from '../wire/index.js';
import type { LogEntry } from '../wire/index.js';
import { checkpointToWire } from './checkpoints/codec.js';
import { CHECKPOINT_LEVEL } from './checkpoints/limits.js';
import { ENTRY_KINDS } from './entry-hash.js';
import { acknowledgementToWire, evidenceToWire } from './evidence/codec.js';
import { RECORDS_LEVEL } from './evidence/limits.js';
import {
  ACKNOWLEDGEMENTS_LEVEL,
  LEADERSHIP_TRANSFER_LEVEL,
  TIME_QUESTIONS_LEVEL,
} from './limits.js';
import type { AppendAnswer } from './messages.js';
import type { PeerMessage } from './peer-message.js';

/** The feature level that each kind of message came with: consensus itself asks nothing of a message's level. */
export const LEVELS: Readonly<Record<PeerMessage['type'], number>> = {
  'vote-request': 1,
  'vote-reply': 1,
  append: 1,
  'append-reply': 1,
  acknowledgement: ACKNOWLEDGEMENTS_LEVEL,
  'read-request': 1,
  'read-reply': 1,
  'time-request': TIME_QUESTIONS_LEVEL,
  'time-reply': TIME_QUESTIONS_LEVEL,
  'timeout-now': LEADERSHIP_TRANSFER_LEVEL,
  'checkpoint-signature': CHECKPOINT_LEVEL,
  'snapshot-offer': CHECKPOINT_LEVEL,
  'snapshot-request': CHECKPOINT_LEVEL,
  'snapshot-chunk': CHECKPOINT_LEVEL,
  'snapshot-held': CHECKPOINT_LEVEL,
  vote: RECORDS_LEVEL,
  'records-request': RECORDS_LEVEL,
  records: RECORDS_LEVEL,
};

/** The message as protobuf, at most {@link MESSAGE_BYTES_MAX} long. */
export function encodeMessage(message: PeerMessage): Uint8Array {
  return encode(WireMessage, {
    level: LEVELS[message.type],
    from: message.from,
    to: message.to,
    term: BigInt(message.term),
    message: toWire(message),
  });
}

function toWire(message: PeerMessage): WireMessage['message'] {
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
    case 'acknowledgement':
      return { $case: 'acknowledgement', value: acknowledgementToWire(message) };
    case 'read-request':
      return { $case: 'readRequest', value: { readId: BigInt(message.readId) } };
    case 'read-reply':
      return {
        $case: 'readReply',
        value: { readId: BigInt(message.readId), index: BigInt(message.index ?? 0) },
      };
    case 'time-request':
      return { $case: 'timeRequest', value: {} };
    case 'time-reply':
      return { $case: 'timeReply', value: { timeMs: BigInt(message.timeMs) } };
    case 'timeout-now':
      return {
        $case: 'timeoutNow',
        value: {
          target: message.target,
          lastIndex: BigInt(message.lastIndex),
          lastTerm: BigInt(message.lastTerm),
        },
      };
    case 'checkpoint-signature':
    case 'snapshot-offer':
    case 'snapshot-request':
    case 'snapshot-chunk':
    case 'snapshot-held':
      return checkpointToWire(message);
    case 'vote':
    case 'records-request':
    case 'records':
      return evidenceToWire(message);
    default:
      return unreachable(message);
  }
}

const REFUSALS = {
  none: AppendRefusal.UNSPECIFIED,
  time: AppendRefusal.TIME,
  room: AppendRefusal.ROOM,
} as const;

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
    refusal: REFUSALS[answer.refused ?? 'none'],
    hintIndex: 0n,
    hintTerm: 0n,
  };
}

/** An entry as it is sent and stored. */
export function toWireEntry(entry: Entry): LogEntry {
  return {
    index: BigInt(entry.index),
    term: BigInt(entry.term),
    kind: ENTRY_KINDS.indexOf(entry.kind),
    timeMs: BigInt(entry.timeMs),
    payload: entry.payload,
    hash: entry.hash,
  };
}
