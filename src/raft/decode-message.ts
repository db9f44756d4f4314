import { isId, nodeId, unreachable } from '../common/index.js';
import type { NodeId, Term } from '../common/index.js';
import type { Entry } from '../ports/index.js';
import { AppendRefusal, decode, RaftMessage as WireMessage } from '../wire/index.js';
import type {
  Acknowledgement as WireAcknowledgement,
  Append as WireAppend,
  AppendReply as WireReply,
  LogEntry,
} from '../wire/index.js';
import { ENTRY_KINDS, HASH_BYTES } from './entry-hash.js';
import { checkpointFromWire } from './checkpoints/codec.js';
import { isOfCheckpoints } from './checkpoints/messages.js';
import { LEVELS } from './encode-message.js';
import { acknowledgementFromWire, evidenceFromWire } from './evidence/codec.js';
import { isOfEvidence } from './evidence/messages.js';
import { integer } from './integer.js';
import { LIMITS, MESSAGE_BYTES_MAX, PAYLOAD_BYTES_MAX } from './limits.js';
import type { Acknowledgement, Append, AppendAnswer, Message } from './messages.js';
import type { PeerMessage } from './peer-message.js';

/**
 * Reads what a peer sent, or gives `undefined` for bytes that no correct node sends: not canonical, out of range, or
 * contradicting themselves. It knows nothing of this node's log or term. Never throws.
 */
export function decodePeerMessage(bytes: Uint8Array): PeerMessage | undefined {
  if (bytes.length > MESSAGE_BYTES_MAX) return undefined;
  const wire = decode(WireMessage, bytes);
  if (wire === undefined || !isId(wire.from) || !isId(wire.to)) return undefined;
  const head = {
    from: nodeId(wire.from),
    to: nodeId(wire.to),
    term: integer(wire.term),
  };
  if (!(head.term >= 1) || wire.message === undefined) return undefined;
  const message = fromWire(head, wire.message);
  // One spelling: a message names the level that its kind came with.
  return message !== undefined && wire.level === LEVELS[message.type] ? message : undefined;
}

/** As {@link decodePeerMessage}, of what the core of consensus sees. */
export function decodeMessage(bytes: Uint8Array): Message | undefined {
  const message = decodePeerMessage(bytes);
  const isOther = message === undefined || isOfCheckpoints(message) || isOfEvidence(message);
  return isOther ? undefined : message;
}

/**
 * Claims that a node reads these bytes above its own level: they bring it the state that it lacks, or offer it, and the raise is
 * in what it lacks; or they are about what it or their sender has promised, which says whether its disk is an old one.
 */
export function isReadAbove(bytes: Uint8Array): boolean {
  const type = decodePeerMessage(bytes)?.type;
  return type !== undefined && READ_ABOVE.has(type);
}

const READ_ABOVE: ReadonlySet<PeerMessage['type']> = new Set<PeerMessage['type']>([
  'snapshot-offer',
  'snapshot-chunk',
  'records-request',
  'records',
]);

type Head = { readonly from: NodeId; readonly to: NodeId; readonly term: Term };

function fromWire(head: Head, wire: NonNullable<WireMessage['message']>): PeerMessage | undefined {
  switch (wire.$case) {
    case 'voteRequest': {
      const lastIndex = integer(wire.value.lastIndex);
      const lastTerm = integer(wire.value.lastTerm);
      // A log has its genesis, and no candidate asks for a vote in a term that its log has already seen.
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
    case 'acknowledgement':
      return acknowledgementOf(head, wire.value);
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
    case 'timeRequest':
      return { type: 'time-request', ...head };
    case 'timeReply': {
      const timeMs = integer(wire.value.timeMs);
      return Number.isNaN(timeMs) ? undefined : { type: 'time-reply', ...head, timeMs };
    }
    case 'timeoutNow': {
      const lastIndex = integer(wire.value.lastIndex);
      const lastTerm = integer(wire.value.lastTerm);
      const { target } = wire.value;
      // A leader has an entry of its own term, and no other behind it.
      if (!isId(target) || target === head.from || !(lastIndex >= 1)) return undefined;
      if (lastTerm !== head.term) return undefined;
      return { type: 'timeout-now', ...head, target: nodeId(target), lastIndex, lastTerm };
    }
    case 'checkpointSignature':
    case 'snapshotOffer':
    case 'snapshotRequest':
    case 'snapshotChunk':
    case 'snapshotHeld':
      return checkpointFromWire(head, wire);
    case 'vote':
    case 'recordsRequest':
    case 'records':
      return evidenceFromWire(head, wire);
    default:
      return unreachable(wire);
  }
}

function acknowledgementOf(head: Head, wire: WireAcknowledgement): Acknowledgement | undefined {
  const said = acknowledgementFromWire(wire);
  return said && { type: 'acknowledgement', ...head, ...said };
}

function fromWireAppend(head: Head, wire: WireAppend): Append | undefined {
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
  const kind = ENTRY_KINDS[wire.kind];
  if (Number.isNaN(index) || Number.isNaN(term) || Number.isNaN(timeMs)) return undefined;
  if (kind === undefined || (kind === 'genesis') !== (index === 1)) return undefined;
  if (wire.hash.length !== HASH_BYTES || wire.payload.length > PAYLOAD_BYTES_MAX) return undefined;
  return { index, term, kind, timeMs, payload: wire.payload, hash: wire.hash };
}

function fromWireAnswer(wire: WireReply): AppendAnswer | undefined {
  const index = integer(wire.matchIndex);
  const hintIndex = integer(wire.hintIndex);
  const hintTerm = integer(wire.hintTerm);
  if ([index, hintIndex, hintTerm].some(Number.isNaN)) return undefined;
  if (wire.refusal === AppendRefusal.CONFLICT) {
    return { refused: 'conflict', prevIndex: index, hintIndex, hintTerm };
  }
  if (hintIndex !== 0 || hintTerm !== 0) return undefined;
  if (wire.refusal === AppendRefusal.ROOM) return { refused: 'room', match: index };
  if (wire.refusal === AppendRefusal.TIME) return { refused: 'time', match: index };
  if (wire.refusal === AppendRefusal.UNSPECIFIED) return { refused: undefined, match: index };
  return undefined;
}
