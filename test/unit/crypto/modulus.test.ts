import { describe, expect, test } from '@jest/globals';
import { createDiffieHellman } from 'node:crypto';
import {
  Crt,
  decodeBigEndian,
  encodeBigEndian,
  Modulus,
  powerModuloPrimes,
  testPowers,
  type PowerSource,
} from '../../../src/crypto/index.js';
import { seededRandom } from '../../support/builders/frost-exchange.js';
import { TEST_PRIMES } from '../../vectors/gg20-primes.js';

const [p = 0n, q = 0n] = TEST_PRIMES.P2048[0]?.paillier ?? [];
const N = p * q;

function plainPower(base: bigint, exponent: bigint, m: bigint): bigint {
  let [result, square, rest] = [1n, base % m, exponent];
  while (rest > 0n) {
    if ((rest & 1n) === 1n) result = (result * square) % m;
    square = (square * square) % m;
    rest >>= 1n;
  }
  return result;
}

/** 3^5 by OpenSSL as it is, modulo 2^bits − 1. */
function rawPower(bits: number): bigint {
  const modulus = 2n ** BigInt(bits) - 1n;
  const exchange = createDiffieHellman(encodeBigEndian(modulus, 64), 2);
  exchange.setPrivateKey(Uint8Array.of(5));
  return decodeBigEndian(exchange.computeSecret(encodeBigEndian(3n, 64)));
}

describe('powers modulo a large number', () => {
  const seed = 39;
  const random = seededRandom(seed);
  const draw = (bytes: number): bigint => decodeBigEndian(random.bytes(bytes));

  test.each([
    ['p', p],
    ['N', N],
    ['p²', p * p],
    ['N²', N * N],
  ])(`modulo %s they are those of plain arithmetic, seed ${seed}`, (_, m) => {
    const modulus = new Modulus(m);
    for (const exponentBytes of [1, 8, 32, 96]) {
      const [base, exponent] = [draw(modulus.byteLength + 8), draw(exponentBytes) + 1n];
      expect(modulus.power(base, exponent)).toBe(plainPower(base, exponent, m));
    }
  });

  test('an exponent longer than the modulus is taken as it is', () => {
    const exponent = draw(352);
    expect(new Modulus(p).power(3n, exponent)).toBe(plainPower(3n, exponent, p));
  });

  test('exponent 0 gives 1, and a negative exponent the inverse of the power', () => {
    const modulus = new Modulus(N);
    expect(modulus.power(5n, 0n)).toBe(1n);
    expect(modulus.multiply(modulus.power(5n, -77n), 5n ** 77n)).toBe(1n);
    expect(() => modulus.power(p, -1n)).toThrow(RangeError);
  });

  test.each([
    ['0', 0n, 0n],
    ['1', 1n, 1n],
    ['the modulus', N, 0n],
    ['the modulus and 1', N + 1n, 1n],
    ['−1, odd exponent', -1n, N - 1n],
    ['the modulus and 2', N + 2n, 8n],
  ])('a base of %s, which OpenSSL refuses or reads otherwise', (_, base, power) => {
    expect(new Modulus(N).power(base, 3n)).toBe(power);
  });

  test('−1 to an even exponent is 1', () => {
    expect(new Modulus(N).power(N - 1n, 4n)).toBe(1n);
  });

  test('a power that is 1 or −1, which OpenSSL refuses, is found by a second, blinded one', () => {
    const modulus = new Modulus(p * p);
    const ofOrder = modulus.power(12_345n, p);
    expect(modulus.power(ofOrder, p - 1n)).toBe(1n);
    expect([1n, p * p - 1n]).toContain(modulus.power(ofOrder, (p - 1n) / 2n));
  });

  test('an exponent for which every power is 1 or −1 is refused, blinded too', () => {
    expect(() => new Modulus(p).power(5n, (p - 1n) / 2n)).toThrow('refuses this power');
    expect(() => new Modulus(p).power(5n, p - 1n)).toThrow('refuses this power');
  });

  test.each([
    ['of 511 bits', 2n ** 511n - 1n],
    ['that is even', N - 1n],
    ['of 10001 bits', 2n ** 10_000n + 1n],
  ])('a modulus %s is refused', (_, value) => {
    expect(() => new Modulus(value)).toThrow('a modulus');
  });

  test('OpenSSL answers zeros below 512 bits, and right from there on', () => {
    expect(rawPower(511)).toBe(0n);
    expect(rawPower(512)).toBe(243n);
  });

  test('the arrays that OpenSSL is given are wiped, and its last exponent is no secret', () => {
    const given: Uint8Array[] = [];
    const exponents: string[] = [];
    const watching: PowerSource = (modulus) => {
      const exchange = createDiffieHellman(modulus, 2);
      return {
        setPrivateKey(exponent) {
          exponents.push(String(exponent));
          given.push(exponent);
          exchange.setPrivateKey(exponent);
        },
        computeSecret(base) {
          given.push(base);
          return exchange.computeSecret(base);
        },
      };
    };

    new Modulus(N, watching).power(3n, 0x1234567890n);

    expect(exponents).toEqual(['18,52,86,120,144', '2']);
    expect(given.slice(0, 2).every((each) => each.every((byte) => byte === 0))).toBe(true);
  });
});

describe('the test at start', () => {
  test('passes with OpenSSL', () => {
    expect(() => testPowers()).not.toThrow();
  });

  test.each<[string, (result: Uint8Array) => Uint8Array]>([
    ['zeros', (result) => result.fill(0)],
    ['one bit more', (result) => result.map((byte, at) => (at === 200 ? byte ^ 1 : byte))],
    ['results of 256 bytes alone', (result) => (result.length > 256 ? result.fill(7) : result)],
  ])('fails where powers are %s', (_, change) => {
    const wrong: PowerSource = (modulus) => {
      const exchange = createDiffieHellman(modulus, 2);
      return {
        setPrivateKey: (exponent) => exchange.setPrivateKey(exponent),
        computeSecret: (base) => change(new Uint8Array(exchange.computeSecret(base))),
      };
    };
    expect(() => testPowers(wrong)).toThrow(/power/);
  });
});

test('powers modulo two primes are those modulo their product', () => {
  const primes = new Crt(new Modulus(p), new Modulus(q));
  const exponent = p * q + 12_345n;
  expect(powerModuloPrimes(primes, 7n, exponent)).toBe(new Modulus(N).power(7n, exponent));
  expect(primes.power(7n, 1234n)).toBe(new Modulus(N).power(7n, 1234n));
  expect(primes.combine(5n, 5n)).toBe(5n);
});
