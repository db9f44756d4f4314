import { concat } from '../../common/index.js';
import { sha256 } from '../../crypto/index.js';
import type { ParameterSet } from '../parameter-set.js';
import { bobLayout } from '../zk/bob.js';
import { bobWcLayout } from '../zk/bob-wc.js';
import { bytesLayout, recordLayout, type Layout } from '../zk/layout.js';
import { HASH_BYTES, presignBodies } from './messages.js';

/*
 * An answer of round 2 is named by three hashes: of each of its two ciphertexts, and of its whole body. So one ciphertext can be shown
 * without the other and without the proofs, which are most of it. All here are bytes as they came: nothing of them is judged.
 */

/** An answer without its proofs: both ciphertexts, and the hash of the body that they came in. */
export type ShortAnswer = {
  /** With gamma_j. */
  readonly c: Uint8Array;
  /** With w_j. */
  readonly ch: Uint8Array;
  readonly body: Uint8Array;
};

/** One of its ciphertexts, and the hashes of the rest. */
export type AnswerPart = {
  readonly of: 'c' | 'ch';
  readonly value: Uint8Array;
  readonly other: Uint8Array;
  readonly body: Uint8Array;
};

/** Tag and length before a field of a body. */
const FIELD_HEAD_BYTES = 9;
const [GAMMA, W] = [1, 2];

export function shortAnswerLayout({ widths }: ParameterSet): Layout<ShortAnswer> {
  return recordLayout<ShortAnswer>({
    c: bytesLayout(widths.square),
    ch: bytesLayout(widths.square),
    body: bytesLayout(HASH_BYTES),
  });
}

/** A part as evidence shows it: 01 or 02, the ciphertext, and the two hashes. */
export function answerPartLayout({ widths }: ParameterSet): Layout<AnswerPart> {
  const rest = recordLayout<Omit<AnswerPart, 'of'>>({
    value: bytesLayout(widths.square),
    other: bytesLayout(HASH_BYTES),
    body: bytesLayout(HASH_BYTES),
  });
  return {
    byteLength: 1 + rest.byteLength,
    encode: ({ of, ...part }) => concat(Uint8Array.of(of === 'c' ? GAMMA : W), rest.encode(part)),
    decode(bytes) {
      if (bytes[0] !== GAMMA && bytes[0] !== W) return undefined;
      const part = rest.decode(bytes.subarray(1));
      return part && { of: bytes[0] === GAMMA ? 'c' : 'ch', ...part };
    },
  };
}

/** The short form of a body; `undefined` for bytes of another length. */
export function shortAnswer<P>(set: ParameterSet<P>, body: Uint8Array): ShortAnswer | undefined {
  const { byteLength } = presignBodies(set, 2).round2Each;
  if (body.length !== byteLength) return undefined;
  const { square } = set.widths;
  // The fields from the last to the first: Pi_bob_wc, ch, Pi_bob, c.
  const chEnd = byteLength - bobWcLayout(set).byteLength - FIELD_HEAD_BYTES;
  const cEnd = chEnd - square - 2 * FIELD_HEAD_BYTES - bobLayout(set).byteLength;
  return {
    c: body.slice(cEnd - square, cEnd),
    ch: body.slice(chEnd - square, chEnd),
    body: sha256(body),
  };
}

/** The bytes that a list of round 2 has the hash of; of a body of another length, its hash alone. */
export function listedAnswer<P>(set: ParameterSet<P>, body: Uint8Array): Uint8Array {
  const short = shortAnswer(set, body);
  return short === undefined ? sha256(body) : listedShort(short);
}

export function listedShort({ c, ch, body }: ShortAnswer): Uint8Array {
  return concat(sha256(c), sha256(ch), body);
}

export function listedPart({ of, value, other, body }: AnswerPart): Uint8Array {
  const own = sha256(value);
  return of === 'c' ? concat(own, other, body) : concat(other, own, body);
}

/** The part of an answer that shows one of its ciphertexts. */
export function answerPart({ c, ch, body }: ShortAnswer, of: AnswerPart['of']): AnswerPart {
  return of === 'c'
    ? { of, value: c, other: sha256(ch), body }
    : { of, value: ch, other: sha256(c), body };
}
