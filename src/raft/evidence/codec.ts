import { BOOT_BYTES, isId, nodeId } from '../../common/index.js';
import type { NodeId, Term } from '../../common/index.js';
import { decode, encode, SignedWords as WireWords } from '../../wire/index.js';
import type {
  Acknowledgement as WireAcknowledgement,
  RaftMessage as WireMessage,
  SignedAcknowledgement as WireSignedAcknowledgement,
  SignedMark as WireSignedMark,
  SignedVote as WireSignedVote,
  Vote as WireVote,
} from '../../wire/index.js';
import { markFromWire, markToWire } from '../checkpoints/codec.js';
import { HASH_BYTES } from '../entry-hash.js';
import { integer } from '../integer.js';
import type { EvidenceMessage } from './messages.js';
import type { SignedAcknowledgement, SignedMark, SignedVote, SignedWords } from './words.js';

const SIGNATURE_BYTES = 64;
/** Of {@link wordsToBytes}. */
const FORM = 1;

type Wire = NonNullable<WireMessage['message']>;
type EvidenceCase = 'vote' | 'recordsRequest' | 'records';
type EvidenceWire = Extract<Wire, { readonly $case: EvidenceCase }>;
type Head = { readonly from: NodeId; readonly to: NodeId; readonly term: Term };

export function evidenceToWire(message: EvidenceMessage): EvidenceWire {
  switch (message.type) {
    case 'vote':
      return { $case: 'vote', value: voteToWire(message) };
    case 'records-request':
      return { $case: 'recordsRequest', value: { boot: message.boot } };
    case 'records': {
      const { boot, words } = message;
      return { $case: 'records', value: { boot, words: wordsToWire(words) } };
    }
  }
}

/** `undefined` for what no correct node sends. */
export function evidenceFromWire(head: Head, wire: EvidenceWire): EvidenceMessage | undefined {
  switch (wire.$case) {
    case 'vote': {
      const vote = voteFromWire(head.term, wire.value);
      return vote && { type: 'vote', ...head, ...vote };
    }
    case 'recordsRequest': {
      const { boot } = wire.value;
      if (boot.length !== BOOT_BYTES) return undefined;
      return { type: 'records-request', ...head, boot: boot.slice() };
    }
    case 'records': {
      const { boot } = wire.value;
      const words = wire.value.words && wordsFromWire(wire.value.words);
      if (boot.length !== BOOT_BYTES || words === undefined) return undefined;
      return { type: 'records', ...head, boot: boot.slice(), words };
    }
  }
}

/** Words as they are stored: `01` ‖ an encoded `SignedWords`. */
export function wordsToBytes(words: SignedWords): Uint8Array {
  return Uint8Array.of(FORM, ...encode(WireWords, wordsToWire(words)));
}

/** `undefined` for bytes that {@link wordsToBytes} does not write. */
export function wordsFromBytes(bytes: Uint8Array): SignedWords | undefined {
  const wire = bytes[0] === FORM ? decode(WireWords, bytes.subarray(1)) : undefined;
  return wire && wordsFromWire(wire);
}

export function acknowledgementToWire(
  said: Omit<SignedAcknowledgement, 'term'>,
): WireAcknowledgement {
  const { index, hash, clockMs, incarnation, boot, order, signature } = said;
  const speaker = { incarnation, boot, order: BigInt(order), signature };
  return { index: BigInt(index), hash, clockMs: BigInt(clockMs), ...speaker };
}

export function acknowledgementFromWire(
  wire: WireAcknowledgement,
): Omit<SignedAcknowledgement, 'term'> | undefined {
  const index = integer(wire.index);
  const clockMs = integer(wire.clockMs);
  const order = integer(wire.order);
  const { hash, incarnation, boot, signature } = wire;
  if (!(index >= 1) || Number.isNaN(clockMs) || Number.isNaN(order)) return undefined;
  if (hash.length !== HASH_BYTES || boot.length !== BOOT_BYTES) return undefined;
  if (signature.length !== SIGNATURE_BYTES) return undefined;
  return { index, hash, clockMs, incarnation, boot, order, signature };
}

function wordsToWire({ acknowledgement, vote, checkpoint }: SignedWords): WireWords {
  return {
    acknowledgement: acknowledgement && {
      term: BigInt(acknowledgement.term),
      acknowledgement: acknowledgementToWire(acknowledgement),
    },
    vote: vote && { term: BigInt(vote.term), vote: voteToWire(vote) },
    checkpoint: checkpoint && {
      mark: markToWire(checkpoint.mark),
      signature: checkpoint.signature,
    },
  };
}

function wordsFromWire(wire: WireWords): SignedWords | undefined {
  const acknowledgement = wire.acknowledgement && signedAcknowledgement(wire.acknowledgement);
  const vote = wire.vote && signedVote(wire.vote);
  const checkpoint = wire.checkpoint && signedMark(wire.checkpoint);
  // Each is absent, or can be read.
  if ((wire.acknowledgement === undefined) !== (acknowledgement === undefined)) return undefined;
  if ((wire.vote === undefined) !== (vote === undefined)) return undefined;
  if ((wire.checkpoint === undefined) !== (checkpoint === undefined)) return undefined;
  return { acknowledgement, vote, checkpoint };
}

function signedAcknowledgement(wire: WireSignedAcknowledgement): SignedAcknowledgement | undefined {
  const term = integer(wire.term);
  const said = wire.acknowledgement && acknowledgementFromWire(wire.acknowledgement);
  if (said === undefined || !(term >= 1)) return undefined;
  // Copies: they may be kept, and are parts of all that came with them.
  const { hash, boot, signature } = said;
  return {
    ...said,
    term,
    hash: hash.slice(),
    boot: boot.slice(),
    signature: signature.slice(),
  };
}

function voteToWire({ candidate, incarnation, boot, order, signature }: Omit<SignedVote, 'term'>) {
  return { candidate, incarnation, boot, order: BigInt(order), signature };
}

function signedVote(wire: WireSignedVote): SignedVote | undefined {
  const term = integer(wire.term);
  return wire.vote && term >= 1 ? voteFromWire(term, wire.vote) : undefined;
}

function voteFromWire(term: Term, wire: WireVote): SignedVote | undefined {
  const { candidate, incarnation, boot, signature } = wire;
  const order = integer(wire.order);
  if (!isId(candidate) || Number.isNaN(order)) return undefined;
  if (boot.length !== BOOT_BYTES || signature.length !== SIGNATURE_BYTES) return undefined;
  return {
    term,
    candidate: nodeId(candidate),
    incarnation,
    boot: boot.slice(),
    order,
    signature: signature.slice(),
  };
}

function signedMark(wire: WireSignedMark): SignedMark | undefined {
  const mark = markFromWire(wire.mark);
  if (mark === undefined || wire.signature.length !== SIGNATURE_BYTES) return undefined;
  return { mark, signature: wire.signature.slice() };
}
