import { expect, test } from '@jest/globals';
import {
  areUnits,
  bitLength,
  byteLength,
  encodeBigEndian,
  gcd,
  hasSmallFactor,
  integerRoot,
  isPerfectPower,
  isPrime,
  isUnit,
  jacobi,
  randomBelow,
  randomSigned,
  randomUnit,
} from '../../../src/crypto/index.js';
import type { Random } from '../../../src/ports/index.js';
import { seededRandom } from '../../support/builders/frost-exchange.js';
import { TEST_PRIMES } from '../../vectors/gg20-primes.js';

const [p = 0n, q = 0n] = TEST_PRIMES.P2048[0]?.paillier ?? [];

test('lengths of numbers in bits and bytes', () => {
  const numbers = [0n, 1n, 255n, 256n, 2n ** 64n - 1n, 2n ** 64n];
  expect(numbers.map(bitLength)).toEqual([0, 1, 8, 9, 64, 65]);
  expect(numbers.map(byteLength)).toEqual([1, 1, 1, 2, 8, 9]);
});

test('a number of any width is encoded highest byte first, and one that is too long is refused', () => {
  expect([...encodeBigEndian(0x0102n, 3)]).toEqual([0, 1, 2]);
  expect([...encodeBigEndian(2n ** 72n - 1n, 9)]).toEqual(Array.from({ length: 9 }, () => 255));
  expect(() => encodeBigEndian(2n ** 72n, 9)).toThrow(RangeError);
  expect(() => encodeBigEndian(-1n, 9)).toThrow(RangeError);
});

test('gcd and units', () => {
  expect(gcd(12n, -18n)).toBe(6n);
  expect(gcd(0n, 7n)).toBe(7n);
  expect([0n, 1n, 3n, 15n, 16n].map((value) => isUnit(value, 15n))).toEqual([
    false,
    true,
    false,
    false,
    false,
  ]);
  expect(areUnits([1n, 2n, 4n], 15n)).toBe(true);
  expect(areUnits([1n, 2n, 5n], 15n)).toBe(false);
  expect(areUnits([1n, 16n], 15n)).toBe(false);
});

function legendre(a: bigint, prime: bigint): number {
  const power = a ** ((prime - 1n) / 2n) % prime;
  return power === prime - 1n ? -1 : Number(power);
}

test('the Jacobi symbol is the product of Legendre symbols', () => {
  for (const [a, b] of [
    [3n, 5n],
    [7n, 11n],
    [13n, 17n],
  ] as const) {
    for (let value = 0n; value < a * b; value++) {
      // (value | 0 makes −0 into 0.)
      expect(jacobi(value, a * b)).toBe((legendre(value, a) * legendre(value, b)) | 0);
    }
  }
  expect(jacobi(-1n, p)).toBe(-1);
  expect(jacobi(p, p * q)).toBe(0);
});

test('roots are rounded down', () => {
  expect([0n, 1n, 8n, 26n, 27n, 28n].map((value) => integerRoot(value, 3))).toEqual([
    0n,
    1n,
    2n,
    2n,
    3n,
    3n,
  ]);
  expect(integerRoot(p * p, 2)).toBe(p);
  expect(integerRoot(p * p - 1n, 2)).toBe(p - 1n);
});

test('powers are told from products of two primes', () => {
  expect(isPerfectPower(p * q)).toBe(false);
  expect(isPerfectPower(p * p)).toBe(true);
  const small = 65_537n;
  for (const degree of [2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 127]) {
    expect(isPerfectPower(small ** BigInt(degree))).toBe(true);
    expect(isPerfectPower(small ** BigInt(degree) + 2n)).toBe(false);
  }
});

test('a prime factor below 2^16 is found, and none above', () => {
  expect(hasSmallFactor(p * q)).toBe(false);
  expect(hasSmallFactor(65_521n * q)).toBe(true);
  expect(hasSmallFactor(3n * q)).toBe(true);
  expect(hasSmallFactor(65_537n * q)).toBe(false);
});

test('primes are told from composites, and from the numbers that fool tests with fixed bases', () => {
  expect([p, q, 2n, 65_537n].every(isPrime)).toBe(true);
  // Carmichael numbers, strong pseudoprimes to the first bases, and a square.
  const composites = [0n, 1n, 561n, 1729n, 3_215_031_751n, 3_825_123_056_546_413_051n, p * p];
  expect(composites.filter(isPrime)).toEqual([]);
});

test('a number below a bound needs 128 bits more than the bound has', () => {
  const asked: number[] = [];
  const zeros: Random = { bytes: (count) => (asked.push(count), new Uint8Array(count)) };

  randomBelow(2n ** 256n, zeros);
  randomBelow(2n ** 2048n - 1n, zeros);

  expect(asked).toEqual([49, 272]);
});

test('numbers below a bound reach its whole range, on both sides of 0 where they are signed', () => {
  const random = seededRandom(13);
  const bound = 1000n;
  const drawn = Array.from({ length: 2000 }, () => Number(randomBelow(bound, random)));
  const signed = Array.from({ length: 2000 }, () => Number(randomSigned(bound, random)));
  // The chance of an empty tenth is below 10^−90.
  const tenths = new Set(drawn.map((each) => Math.floor(each / 100)));
  expect([...tenths].sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  expect(Math.min(...signed)).toBeLessThan(-900);
  expect(Math.max(...signed)).toBeGreaterThan(900);
  expect(signed.every((each) => each >= -1000 && each <= 1000)).toBe(true);
});

test('a unit is drawn again until it is one', () => {
  const offered = [0n, 15n, 21n, 22n];
  const random: Random = {
    bytes: (count) => encodeBigEndian(offered.shift() ?? 0n, count),
  };
  expect(randomUnit(21n * 5n, random)).toBe(22n);
});

test('the bytes of a drawn number are wiped', () => {
  const given: Uint8Array[] = [];
  const random: Random = {
    bytes: (count) => {
      const bytes = new Uint8Array(count).fill(5);
      given.push(bytes);
      return bytes;
    },
  };
  randomBelow(2n ** 64n, random);
  expect(given.map((bytes) => bytes.some((byte) => byte !== 0))).toEqual([false]);
});
