import { concat } from '../../src/common/index.js';
import type { Rng } from '../simulation/rng.js';

/** Longer inputs are cut: decoders refuse far shorter ones by their lengths. */
export const INPUT_BYTES_MAX = 8_192;

/** Pieces of text that parsers have stumbled over. */
const WORDS = [
  '__proto__',
  '{"__proto__":{"polluted":1}}',
  'constructor',
  '"prototype":{"polluted":true}',
  '[[[[[[[[[[[[[[[[[[[[[[[[',
  '{"a":{"a":{"a":{"a":',
  '1e999',
  '-0',
  '9007199254740993',
  'NaN',
  'null',
  '\\u0000',
  '\\ud800',
  '\uFFFD',
  '\uFEFF',
  '\u202e',
  '&a [*a,*a]',
  '<<: *a',
  '!!js/function x',
  '? : - ',
  '../../../etc/passwd',
  'spiffe://quorate/operator/x',
  ', URI:',
  '%00',
  '=',
].map((word) => new TextEncoder().encode(word));

/** Lengths and numbers at the edges, as varints of protobuf and lengths of DER have them. */
const EDGES = [
  [0x00],
  [0x7f],
  [0x80, 0x01],
  [0x80, 0x00],
  [0xff, 0xff, 0xff, 0xff, 0x0f],
  [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
  [0x81, 0x00],
  [0x82, 0xff, 0xff],
  [0x84, 0xff, 0xff, 0xff, 0xff],
  [0x30, 0x80],
  [0x0b, 0x0c],
].map((edge) => Uint8Array.from(edge));

type Mutation = (rng: Rng, bytes: Uint8Array, other: Uint8Array) => Uint8Array;

/** Puts `piece` in place of `gone` bytes at `at`. */
function splice(bytes: Uint8Array, at: number, gone: number, piece: Uint8Array): Uint8Array {
  return concat(bytes.subarray(0, at), piece, bytes.subarray(at + gone));
}

function somewhere(rng: Rng, bytes: Uint8Array): number {
  return rng.int(bytes.length + 1);
}

function pieceOf(rng: Rng, bytes: Uint8Array): Uint8Array {
  const at = somewhere(rng, bytes);
  return bytes.subarray(at, at + 1 + rng.int(32));
}

function pick<T>(rng: Rng, list: readonly T[], otherwise: T): T {
  return list[rng.int(list.length)] ?? otherwise;
}

const NONE = new Uint8Array(0);

const MUTATIONS: readonly Mutation[] = [
  // One bit, one byte.
  (rng, bytes) => {
    const changed = bytes.slice();
    const at = rng.int(Math.max(1, bytes.length));
    if (bytes.length > 0) changed[at] = (changed[at] ?? 0) ^ (1 << rng.int(8));
    return changed;
  },
  (rng, bytes) => splice(bytes, somewhere(rng, bytes), 1, rng.bytes(1)),
  // Something at the edge, something in the way of parsers.
  (rng, bytes) => splice(bytes, somewhere(rng, bytes), rng.int(3), pick(rng, EDGES, NONE)),
  (rng, bytes) => splice(bytes, somewhere(rng, bytes), rng.int(9), pick(rng, WORDS, NONE)),
  // Less, more, again.
  (rng, bytes) => splice(bytes, somewhere(rng, bytes), 1 + rng.int(16), NONE),
  (rng, bytes) => splice(bytes, somewhere(rng, bytes), 0, rng.bytes(1 + rng.int(16))),
  (rng, bytes) => splice(bytes, somewhere(rng, bytes), 0, pieceOf(rng, bytes)),
  (rng, bytes) => bytes.subarray(0, somewhere(rng, bytes)),
  // The head of one and the tail of another.
  (rng, bytes, other) =>
    concat(bytes.subarray(0, somewhere(rng, bytes)), other.subarray(somewhere(rng, other))),
  (rng, bytes, other) => splice(bytes, somewhere(rng, bytes), 0, pieceOf(rng, other)),
  // A field of protobuf: a tag of any number, a length that is right.
  (rng, bytes) => {
    const body = rng.chance(0.5) ? pieceOf(rng, bytes) : rng.bytes(rng.int(33));
    const kind = pick(rng, [0, 1, 2, 2, 2, 5], 2);
    const tag = ((1 + rng.int(15)) << 3) | kind;
    const field =
      kind === 2 ? [tag, body.length & 0x7f] : [tag, ...rng.bytes([1, 8, 0, 0, 0, 4][kind] ?? 0)];
    return splice(
      bytes,
      rng.chance(0.5) ? bytes.length : somewhere(rng, bytes),
      0,
      concat(Uint8Array.from(field), kind === 2 ? body : NONE),
    );
  },
];

/** One to four changes of `bytes`, drawn from `rng`; sometimes nothing but noise. */
export function mutate(rng: Rng, bytes: Uint8Array, other: Uint8Array): Uint8Array {
  if (rng.chance(0.02)) return rng.bytes(rng.int(200));
  let changed = bytes;
  for (let left = 1 + rng.int(4); left > 0; left--) {
    changed = pick(rng, MUTATIONS, MUTATIONS[0] ?? ((_, same) => same))(rng, changed, other);
  }
  return changed.subarray(0, INPUT_BYTES_MAX);
}
