import { expect, test } from '@jest/globals';
import {
  decodeMaterial,
  encodeMaterial,
  isFitPair,
  ownMaterial,
  PROFILES,
} from '../../../src/gg20/index.js';
import { seededRandom } from '../../support/builders/frost-exchange.js';
import { smallSet } from '../../support/builders/gg20.js';
import { TEST_PRIMES } from '../../vectors/gg20-primes.js';

const { profile } = smallSet();
const random = seededRandom(3);
const [primes, others] = TEST_PRIMES.small;
if (primes === undefined || others === undefined) throw new Error('two parties');
const { paillier, ringPedersen } = primes;

test('primes that fit make a key and bases', () => {
  const { key, trapdoor } = ownMaterial(profile, primes, random);
  expect(key.N).toBe(paillier[0] * paillier[1]);
  expect(trapdoor.Nh).toBe(ringPedersen[0] * ringPedersen[1]);
});

test('primes that lie close, or whose product is short, do not fit', () => {
  expect(isFitPair(profile, paillier)).toBe(true);
  const [p] = paillier;
  expect(isFitPair(profile, [p, p])).toBe(false);
  expect(isFitPair(profile, [p, p + 2n ** 411n])).toBe(false);
  expect(isFitPair(profile, [p, p - 2n ** 412n])).toBe(true);
  expect(isFitPair(profile, [2n ** 511n + 1n, 2n ** 511n + 2n ** 500n])).toBe(false);
  expect(isFitPair(PROFILES.P2048, paillier)).toBe(false);
});

test('numbers of another kind make nothing', () => {
  const [p, q] = paillier;
  const [a, b] = ringPedersen;
  expect(() => ownMaterial(profile, { ...primes, paillier: [p, q + 4n] }, random)).toThrow('Blum');
  expect(() => ownMaterial(profile, { ...primes, ringPedersen: [p, q] }, random)).toThrow('safe');
  expect(() => ownMaterial(profile, { ...primes, ringPedersen: [a, b + 4n] }, random)).toThrow(
    'safe',
  );
  expect(() => ownMaterial(profile, { ...primes, paillier: [p, p] }, random)).toThrow('fit');
});

test('material comes back from its bytes, and from no others', () => {
  const made = ownMaterial(profile, primes, random);
  const bytes = encodeMaterial(profile, made);
  expect(bytes).toHaveLength(513);

  const again = decodeMaterial(profile, bytes, random);
  expect(again?.key.primes.first.value).toBe(made.key.primes.first.value);
  expect(again?.key.N).toBe(made.key.N);
  expect([again?.trapdoor.Nh, again?.trapdoor.s, again?.trapdoor.t]).toEqual([
    made.trapdoor.Nh,
    made.trapdoor.s,
    made.trapdoor.t,
  ]);

  expect(decodeMaterial(profile, bytes.subarray(1), random)).toBeUndefined();
  expect(decodeMaterial(PROFILES.P2048, bytes, random)).toBeUndefined();
  expect(
    decodeMaterial(
      profile,
      bytes.map((byte, at) => (at === 0 ? 0 : byte)),
      random,
    ),
  ).toBeUndefined();
});
