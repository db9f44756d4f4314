import { describe, expect, jest, test } from '@jest/globals';
import { SCHEMES } from '../../../../src/algorithms/index.js';
import { toHex, utf8 } from '../../../../src/common/index.js';
import { aggregate } from '../../../../src/frost/index.js';
import { algorithmName, KEY_ALGORITHMS } from '../../../../src/identity/index.js';
import type { KeyShare, SharingGroup } from '../../../../src/sharing/index.js';
import { seededRandom, signAll, verifies } from '../../../support/builders/frost-exchange.js';
import {
  dealtSharing,
  newSharing,
  pointOf,
  runReshare,
  type HeldSharing,
} from '../../../support/builders/reshare-exchange.js';
import { FROST_ALGORITHMS, SUITES } from '../../../support/builders/schemes.js';

/** Arithmetic of many parties in one process, beside whatever else the machine does. */
jest.setTimeout(180_000);

const message = utf8('to be signed');
const FIVE = ['a', 'b', 'c', 'd', 'e'];
const key = ({ V }: HeldSharing) => toHex(V[0] ?? new Uint8Array());

type Chain = { readonly base: HeldSharing; readonly two: HeldSharing; readonly four: HeldSharing };

/** 3-of-5 becomes 2-of-4 and then 4-of-6, both with nodes that held nothing. */
async function chainOf<P>(sharing: SharingGroup<P>, seed = 1): Promise<Chain> {
  const base = dealtSharing(sharing, 3, FIVE, seed);
  const of = async (from: HeldSharing, receivers: readonly string[], threshold: number) =>
    newSharing(await runReshare({ sharing, base: from, receivers, threshold, seed }));
  const two = await of(base, ['a', 'c', 'd', 'g'], 2);
  return { base, two, four: await of(two, [...FIVE, 'g'], 4) };
}

describe.each(KEY_ALGORITHMS.map((each) => [algorithmName(each), each] as const))(
  '%s',
  (_name, algorithm) => {
    const scheme = SCHEMES[algorithm];
    const { sharing } = scheme;

    test('a chain of reshares keeps the public key, and each share is of its own sharing alone', async () => {
      const { base, two, four } = await chainOf(sharing);

      const chain = [base, two, four];
      const publicKey = scheme.publicKeyOf(base.V[0] ?? new Uint8Array()) ?? new Uint8Array();
      for (const [at, each] of chain.entries()) {
        expect(key(each)).toBe(key(base));
        expect(toHex(pointOf(sharing, each.shares.slice(-each.V.length)))).toBe(key(base));
        expect(toHex(pointOf(sharing, each.shares.slice(1, each.V.length)))).not.toBe(key(base));
        for (const [other, { V }] of chain.entries()) {
          const shared = { threshold: V.length, V, publicKey };
          const fits = each.shares.map((share) => scheme.belongs(shared, share));
          expect(new Set(fits)).toEqual(new Set([other === at]));
        }
      }
    });
  },
);

describe.each(FROST_ALGORITHMS.map((each) => [algorithmName(each), SUITES[each]] as const))(
  '%s',
  (_name, suite) => {
    const scheme = SCHEMES[suite.algorithm];

    /** Whether these shares make a signature in this sharing, at a path, that holds under the key of `base`. */
    function sign(
      base: HeldSharing,
      made: HeldSharing,
      shares: readonly KeyShare[],
      path: readonly number[] = [],
    ): boolean {
      const publicKey = scheme.publicKeyOf(base.V[0] ?? new Uint8Array()) ?? new Uint8Array();
      const derivation = { chainCode: new Uint8Array(32).fill(3), path };
      const shared = { threshold: shares.length, V: made.V, publicKey, derivation };
      const first = { threshold: base.V.length, V: base.V, publicKey, derivation };
      const under = scheme.derivedPublicKey(first) ?? publicKey;
      const { B, shares: signed } = signAll(suite, shared, shares, message, seededRandom(5));
      if (signed.size !== shares.length) return false;
      return aggregate(suite, shared, B, message, signed, verifies(suite, under, message)).ok;
    }

    // Seeds of both parities of the public point, for Taproot.
    test.each([1, 2, 3, 4])(
      'key %i: any of the new shares sign under the old public key, and under derived ones',
      async (seed) => {
        const { base, two, four } = await chainOf(suite, seed);

        expect(sign(base, two, two.shares.slice(1, 3))).toBe(true);
        expect(sign(base, four, four.shares.slice(2))).toBe(true);
        expect(sign(base, four, four.shares.slice(0, 4), [44, 0, 7])).toBe(true);
      },
    );

    test('shares of two versions make no signature, nor does one share fewer than the threshold', async () => {
      const { base, four } = await chainOf(suite);
      const signers = four.shares.slice(0, 4);
      const old = base.shares.slice(4);

      expect(sign(base, four, signers)).toBe(true);
      expect(sign(base, four, [...signers.slice(0, 3), ...old])).toBe(false);
      expect(sign(base, base, [...signers.slice(0, 2), ...old])).toBe(false);
      expect(sign(base, four, signers.slice(0, 3))).toBe(false);
    });
  },
);
