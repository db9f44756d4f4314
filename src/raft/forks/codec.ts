import { isId, nodeId } from '../../common/index.js';
import { decode, encode, ForkEvidence as WireForkEvidence } from '../../wire/index.js';
import type { NodeAcknowledgement } from '../../wire/index.js';
import { acknowledgementFromWire, acknowledgementToWire } from '../evidence/codec.js';
import { integer } from '../integer.js';
import type { ForkEvidence, Said } from './fork-evidence.js';

/** Of {@link forkEvidenceToBytes}. */
const FORM = 1;

/** Evidence as it is stored and shown: `01` ‖ an encoded `ForkEvidence`. */
export function forkEvidenceToBytes({ first, second }: ForkEvidence): Uint8Array {
  const wire = { first: saidToWire(first), second: saidToWire(second) };
  return Uint8Array.of(FORM, ...encode(WireForkEvidence, wire));
}

/** `undefined` for bytes that {@link forkEvidenceToBytes} does not write. What they prove is to be looked at. */
export function forkEvidenceFromBytes(bytes: Uint8Array): ForkEvidence | undefined {
  const wire = bytes[0] === FORM ? decode(WireForkEvidence, bytes.subarray(1)) : undefined;
  const first = wire?.first && saidFromWire(wire.first);
  const second = wire?.second && saidFromWire(wire.second);
  return first && second && { first, second };
}

function saidToWire({ node, word }: Said): NodeAcknowledgement {
  const acknowledgement = acknowledgementToWire(word);
  return { nodeId: node, said: { term: BigInt(word.term), acknowledgement } };
}

function saidFromWire({ nodeId: node, said }: NodeAcknowledgement): Said | undefined {
  const term = integer(said?.term ?? 0n);
  const word = said?.acknowledgement && acknowledgementFromWire(said.acknowledgement);
  if (!isId(node) || word === undefined || !(term >= 1)) return undefined;
  return { node: nodeId(node), word: { ...word, term } };
}
