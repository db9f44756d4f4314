import { expect, test } from '@jest/globals';
import { bitLength } from '../../../src/crypto/index.js';
import {
  aliceLayout,
  areGeneratorsRight,
  bobLayout,
  bobWcLayout,
  chaumPedersenLayout,
  facLayout,
  modLayout,
  modulusChecks,
  parameterSet,
  prmLayout,
  PROFILES,
  rLayout,
  schnorrLayout,
  sLayout,
  testGg20,
  tLayout,
} from '../../../src/gg20/index.js';
import { CURVES, SET_2048, SET_3072, smallSet, testMaterial } from '../../support/builders/gg20.js';
import { TEST_PRIMES } from '../../vectors/gg20-primes.js';

test('the second generators are those that RFC 9380 hashes their text to', () => {
  expect(areGeneratorsRight()).toBe(true);
  const { group, H } = CURVES.secp256k1;
  const base = Buffer.from(group.encode(group.base)).toString('hex');
  const other = Buffer.from(CURVES['P-256'].group.encode(CURVES['P-256'].H)).toString('hex');
  expect(areGeneratorsRight({ secp256k1: base, 'P-256': other })).toBe(false);
  expect(group.equal(H, group.base)).toBe(false);
  expect(() => testGg20()).not.toThrow();
});

test('there are two profiles, and no name leads to another', () => {
  expect(Object.keys(PROFILES)).toEqual(['P2048', 'P3072']);
  expect(Object.values(PROFILES).map(({ repetitions }) => repetitions)).toEqual([128, 128]);
});

test('the ranges are powers of q, one for each purpose', () => {
  const q = CURVES.secp256k1.group.order;
  expect(SET_2048.ranges).toEqual({
    mask: q ** 3n,
    beta: q ** 5n,
    betaMask: q ** 7n,
    opening: q,
    openingMask: q ** 3n,
  });
});

test('a set in which a product of verified numbers could wrap around N is refused', () => {
  const profile = { name: 'short', modulusBits: 1792, repetitions: 128 };
  expect(() => parameterSet(CURVES.secp256k1, profile)).toThrow('no product wraps');
  expect(() => parameterSet(CURVES['P-256'], profile)).toThrow('no product wraps');
  for (const each of Object.values(PROFILES)) {
    for (const curve of Object.values(CURVES)) expect(parameterSet(curve, each)).toBeDefined();
  }
});

test.each([
  ['P2048', SET_2048, 256],
  ['P3072', SET_3072, 384],
])('proofs of %s have their sizes in bytes, of public facts alone', (_, set, L8) => {
  const sizes = [aliceLayout, bobLayout, bobWcLayout, modLayout, facLayout, prmLayout].map(
    (layout) => layout(set).byteLength,
  );
  expect(sizes).toEqual([
    6 * L8 + 193,
    9 * L8 + 514,
    9 * L8 + 547,
    257 * L8 + 32,
    12 * L8 + 521,
    256 * L8,
  ]);
  const points = [rLayout, sLayout, tLayout, schnorrLayout, chaumPedersenLayout];
  expect(points.map((layout) => layout(set).byteLength)).toEqual([6 * L8 + 226, 130, 97, 65, 98]);
});

test.each([
  ['P2048', SET_2048, [4352, 1792, 2817, 4865]],
  ['P3072', SET_3072, [6400, 2304, 3841, 6913]],
])('the widths of Pi_fac in %s hold its largest numbers', (_, set, expected) => {
  const N = 2n ** BigInt(set.profile.modulusBits) - 1n;
  const { ell, ellEps } = set.factorRanges;
  const root = 2n ** BigInt(set.profile.modulusBits / 2) - 1n;
  const largest = [ell * N * N, ellEps * root, 2n * ellEps * N, 2n * ellEps * N * N];
  const { sg, z, w, v } = set.widths.factor;
  expect(largest.map(bitLength)).toEqual(expected);
  for (const [at, width] of [sg, z, w, v].entries()) {
    expect(width).toBe(Math.ceil((expected[at] ?? 0) / 8));
  }
});

test('the set for tests has a group, moduli and repetitions of its own', () => {
  const set = smallSet();
  expect(bitLength(set.curve.group.order)).toBe(61);
  expect(set.profile).toMatchObject({ modulusBits: 1024, repetitions: 8 });
});

test.each(['small', 'P2048', 'P3072'] as const)('the moduli of the tests of %s fit it', (name) => {
  const set = { small: smallSet(), P2048: SET_2048, P3072: SET_3072 }[name];
  for (const index of TEST_PRIMES[name].keys()) {
    const { key, trapdoor } = testMaterial(name, index + 1);
    for (const N of [key.N, trapdoor.Nh]) {
      const checks = modulusChecks(set.profile, N);
      expect(checks.filter(({ holds }) => !holds()).map((check) => check.name)).toEqual([]);
    }
  }
});

function failing(N: bigint): string[] {
  const failed = modulusChecks(PROFILES.P2048, N).filter(({ holds }) => !holds());
  return failed.map(({ name }) => name);
}

test('each check of a modulus refuses a number that passes the others', () => {
  const [p = 0n, q = 0n] = TEST_PRIMES.P2048[0]?.paillier ?? [];
  const [wide = 0n] = TEST_PRIMES.P3072[0]?.paillier ?? [];
  expect(failing(wide * q)).toEqual(['the modulus has its length']);
  expect(failing((p * q) >> 1n)).toEqual(expect.arrayContaining(['the modulus has its length']));
  expect(failing(2n ** 2047n + 2n)).toEqual(expect.arrayContaining(['the modulus is odd']));
  const cofactor = 2n ** 2047n / 65_521n;
  const nearby = cofactor % 2n === 0n ? cofactor + 3n : cofactor + 2n;
  expect(failing(65_521n * nearby)).toContain('the modulus has no small factor');
  // p² has 2047 or 2048 bits: p is above √2·2^1023 or not.
  expect(failing(p * p)).toContain('the modulus is no power');
  // The prime of RFC 3526, group 14, which is 3 modulo 4.
  expect(failing(MODP_14)).toEqual(['the modulus is not prime']);
});

const MODP_14 = BigInt(
  `0x${[
    'ffffffffffffffffc90fdaa22168c234c4c6628b80dc1cd129024e088a67cc74',
    '020bbea63b139b22514a08798e3404ddef9519b3cd3a431b302b0a6df25f1437',
    '4fe1356d6d51c245e485b576625e7ec6f44c42e9a637ed6b0bff5cb6f406b7ed',
    'ee386bfb5a899fa5ae9f24117c4b1fe649286651ece45b3dc2007cb8a163bf05',
    '98da48361c55d39a69163fa8fd24cf5f83655d23dca3ad961c62f356208552bb',
    '9ed529077096966d670c354e4abc9804f1746c08ca18217c32905e462e36ce3b',
    'e39e772c180e86039b2783a2ec07a28fb5c55df06f4c52c9de2bcbf695581718',
    '3995497cea956ae515d2261898fa051015728e5a8aacaa68ffffffffffffffff',
  ].join('')}`,
);
