import type { PaillierPublicKey, RingPedersen } from '../../../src/crypto/index.js';
import { inverse, modulo, randomUnit } from '../../../src/crypto/index.js';
import type { AliceProof, ProofContext } from '../../../src/gg20/index.js';
import {
  aliceChallenge,
  aliceFirstMoves,
  aliceResponses,
  drawAliceMasks,
} from '../../../src/gg20/zk/alice.js';
import { random, set } from './pair.js';

/** A proof that is forged by trying until its challenge is a multiple of a small number. */
export type Ground = {
  readonly place: ProofContext;
  readonly key: PaillierPublicKey;
  readonly to: RingPedersen;
  /** The challenge is to be a multiple of it. */
  readonly r: bigint;
  /** The plaintext of K; e·k is small modulo N for those challenges. */
  readonly k: bigint;
  /** What z commits to: a power of s of a degree that is no whole number, perhaps; 1 where e·k is 0. */
  readonly root: bigint;
  /** e·k modulo N, of such a challenge. */
  readonly response: (e: bigint) => bigint;
};

/** K, and a proof of it that holds though k is not small. About r tries, of one product and one hash each. */
export function groundProof({ place, key, to, r, k, root, response }: Ground): {
  readonly K: bigint;
  readonly proof: AliceProof;
} {
  const nonce = randomUnit(key.N, random);
  const K = key.encrypt(k, nonce);
  const statement = { key, c: K, to };
  const drawn = drawAliceMasks(set, statement, random);
  const moved = aliceFirstMoves(statement, 0n, drawn);
  const { u } = moved;
  const z = modulo(moved.z * root, to.Nh);
  let [w, gamma] = [moved.w, drawn.gamma];
  let e = aliceChallenge(set, place, statement, { z, u, w });
  while (e % r !== 0n) {
    [w, gamma] = [modulo(w * to.t, to.Nh), gamma + 1n];
    e = aliceChallenge(set, place, statement, { z, u, w });
  }
  const masks = { ...drawn, gamma };
  const { sp, s2 } = aliceResponses(statement, { m: k, r: nonce }, masks, e);
  return { K, proof: { z, u, w, sp, s1: drawn.alpha + response(e), s2 } };
}

/** The number below the product of the moduli with these remainders. */
export function combined(
  remainders: readonly (readonly [remainder: bigint, of: bigint])[],
): bigint {
  return remainders.reduce<readonly [bigint, bigint]>(
    ([value, product], [remainder, of]) => {
      const step = modulo((remainder - value) * inverse(product, of), of);
      return [value + product * step, product * of];
    },
    [0n, 1n],
  )[0];
}
