import { schnorr } from '@noble/curves/secp256k1.js';
import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { concat } from '../../src/common/index.js';
import { encodeBigEndian, modulo } from '../../src/crypto/index.js';
import { VERIFIERS } from '../../src/machine/index.js';
import { Algorithm } from '../../src/wire/index.js';
import { KINDS_OF_ARITHMETIC } from '../support/builders/backends.js';
import { SUITES } from '../support/builders/schemes.js';

const RUNS = 60;
const SCHNORR = [
  ['secp256k1', Algorithm.FROST_SECP256K1_SHA256],
  ['P-256', Algorithm.FROST_P256_SHA256],
] as const;
const libraries = KINDS_OF_ARITHMETIC.filter(({ kind }) => kind !== 'javascript');

type Signed = readonly [publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array];

/** Bytes with one bit or byte changed, or one less or more. */
const damage = fc.oneof(
  fc.nat().map((at) => (bytes: Uint8Array) => {
    const bit = at % (bytes.length * 8);
    return bytes.map((byte, i) => (i === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte));
  }),
  fc.constant((bytes: Uint8Array) => bytes.subarray(1)),
  fc.constant((bytes: Uint8Array) => concat(bytes, Uint8Array.of(0))),
);
const message = fc.uint8Array({ maxLength: 80 });

describe.each(libraries)('by $kind backends', ({ arithmetic }) => {
  /** Whether both opinions of a signature are the same, and this one. */
  function expectOpinion(algorithm: Algorithm, holds: boolean, ...signed: Signed): void {
    const opinions = [arithmetic.verifiers, VERIFIERS].map((verifiers) =>
      verifiers[algorithm as keyof typeof VERIFIERS].verify(...signed),
    );
    expect(opinions).toEqual([holds, holds]);
  }
  /** Whether both have the same opinion of damaged bytes, which may still be a signature where the damage is none. */
  function expectAgreement(algorithm: Algorithm, ...signed: Signed): void {
    const verifiers = arithmetic.verifiers[algorithm as keyof typeof VERIFIERS];
    expect(verifiers.verify(...signed)).toBe(
      VERIFIERS[algorithm as keyof typeof VERIFIERS].verify(...signed),
    );
  }

  test.each(SCHNORR)(
    'an RFC 9591 signature on %s verifies as it does by @noble/curves, damaged ones alike',
    (_name, algorithm) => {
      expect.hasAssertions();
      const suite = SUITES[algorithm];
      const { group } = suite;
      const q = group.order;
      const secret = fc.bigInt({ min: 1n, max: q - 1n });
      fc.assert(
        fc.property(secret, secret, message, damage, fc.nat(2), (x, k, m, wrong, which) => {
          const publicKey = group.encode(group.multiplyBase(x));
          const R = group.encode(group.multiplyBase(k));
          const sign = (spelt: Uint8Array, nonce: bigint) =>
            concat(
              spelt,
              encodeBigEndian(modulo(nonce + suite.H2(concat(spelt, publicKey, m)) * x, q), 32),
            );
          const signature = sign(R, k);
          expectOpinion(algorithm, true, publicKey, m, signature);
          // The holder of the key signs for −R, which has the same x.
          const opposite = R.map((byte, at) => (at === 0 ? byte ^ 1 : byte));
          expectOpinion(algorithm, false, publicKey, m, sign(opposite, k));
          expectOpinion(algorithm, true, publicKey, m, sign(opposite, q - k));
          // z = 0: R is −c·PK only by chance.
          const zero = concat(R, new Uint8Array(32));
          expectOpinion(algorithm, false, publicKey, m, zero);
          const over = concat(R, encodeBigEndian(q, 32));
          expectOpinion(algorithm, false, publicKey, m, over);
          const parts = [publicKey, m, signature].map((part, at) =>
            at === which && part.length > 0 ? wrong(part) : part,
          );
          const [key = publicKey, bytes = m, made = signature] = parts;
          expectAgreement(algorithm, key, bytes, made);
        }),
        { numRuns: RUNS },
      );
    },
  );

  test('a BIP-340 signature verifies as it does by @noble/curves, damaged ones alike', () => {
    expect.hasAssertions();
    const algorithm = Algorithm.FROST_SECP256K1_TAPROOT;
    const suite = SUITES[algorithm];
    const { group } = suite;
    const q = group.order;
    const secret = fc.bigInt({ min: 1n, max: q - 1n });
    fc.assert(
      fc.property(secret, secret, message, damage, fc.nat(2), (x, k, m, wrong, which) => {
        const key = encodeBigEndian(x, 32);
        const publicKey = schnorr.getPublicKey(key);
        const signature = schnorr.sign(m, key);
        expectOpinion(algorithm, true, publicKey, m, signature);
        // Under a nonce whose point has an odd y, and under s = 0 and s = q.
        const [even, encodedR] = [evenOf(x), group.encode(group.multiplyBase(k))];
        const r = encodedR.slice(1);
        const c = suite.H2(concat(r, publicKey, m));
        const own = concat(r, encodeBigEndian(modulo(k + c * even, q), 32));
        expectOpinion(algorithm, encodedR[0] === 2, publicKey, m, own);
        for (const s of [0n, q])
          expectOpinion(algorithm, false, publicKey, m, concat(r, encodeBigEndian(s, 32)));
        const parts = [publicKey, m, signature].map((part, at) =>
          at === which && part.length > 0 ? wrong(part) : part,
        );
        const [damagedKey = publicKey, bytes = m, made = signature] = parts;
        expectAgreement(algorithm, damagedKey, bytes, made);
      }),
      { numRuns: RUNS },
    );

    /** The secret of the point with the even y. */
    function evenOf(x: bigint): bigint {
      return group.encode(group.multiplyBase(x))[0] === 2 ? x : q - x;
    }
  });
});
