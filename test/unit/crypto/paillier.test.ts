import { expect, test } from '@jest/globals';
import { inspect } from 'node:util';
import { PaillierPublicKey, PaillierSecretKey, randomUnit } from '../../../src/crypto/index.js';
import { seededRandom } from '../../support/builders/frost-exchange.js';
import { TEST_PRIMES } from '../../vectors/gg20-primes.js';

const [p = 0n, q = 0n] = TEST_PRIMES.P2048[0]?.paillier ?? [];
const secretKey = new PaillierSecretKey(p, q);
const publicKey = new PaillierPublicKey(p * q);
const { N } = publicKey;
const random = seededRandom(7);
const r = randomUnit(N, random);

test('a plaintext of any sign comes back, up to half of N', () => {
  for (const m of [0n, 1n, -1n, 2n ** 1792n, -(2n ** 1792n), N / 2n, -(N / 2n)]) {
    expect(secretKey.decryptSigned(publicKey.encrypt(m, r))).toBe(m);
  }
});

test('the holder of the primes encrypts to the same ciphertext as anyone else', () => {
  expect(secretKey.encrypt(12_345n, r)).toBe(publicKey.encrypt(12_345n, r));
  expect(secretKey.encrypt(-3n, r)).toBe(publicKey.encrypt(-3n, r));
  const c = publicKey.encrypt(5n, r);
  expect(secretKey.power(c, 2n ** 255n + 9n)).toBe(publicKey.power(c, 2n ** 255n + 9n));
});

test('products of ciphertexts encrypt sums, and powers products', () => {
  const c = publicKey.modNN.multiply(publicKey.encrypt(40n, r), publicKey.encrypt(2n, r + 1n));
  expect(secretKey.decryptSigned(c)).toBe(42n);
  expect(secretKey.decryptSigned(publicKey.power(c, 1000n))).toBe(42_000n);
});

test('the randomness of a ciphertext is found by the holder of the primes', () => {
  expect(secretKey.nonceOf(publicKey.encrypt(-77n, r), -77n)).toBe(r);
});

test('numbers that encrypt nothing are no ciphertexts, and are not decrypted', () => {
  for (const c of [0n, N, p, p * N, N * N, -1n, N * N + 1n]) {
    expect(publicKey.isCiphertext(c)).toBe(false);
    expect(() => secretKey.decryptSigned(c)).toThrow('ciphertext');
  }
  expect(publicKey.isCiphertext(N * N - 1n)).toBe(true);
});

test('a key after its end computes nothing with its primes', () => {
  const ended = new PaillierSecretKey(p, q);
  const c = ended.encrypt(1n, r);
  ended[Symbol.dispose]();
  expect(() => ended.decryptSigned(c)).toThrow('after its end');
  expect(() => ended.encrypt(1n, r)).toThrow('after its end');
  expect(() => ended.primes).toThrow('after its end');
});

test('a printed key does not show its primes', () => {
  const printed = inspect(secretKey, { depth: 9, showHidden: true });
  expect(printed).toContain(String(N).slice(0, 20));
  for (const secret of [p, q]) expect(printed).not.toContain(String(secret).slice(0, 20));
});

test('primes whose product shares a factor with its phi make no key', () => {
  // p divides 2·k·p + 1 − 1.
  let k = 2n;
  while (!isProbablyPrime(2n * k * p + 1n)) k += 1n;
  expect(() => new PaillierSecretKey(p, 2n * k * p + 1n)).toThrow('no factor in common');
});

function isProbablyPrime(value: bigint): boolean {
  return new PaillierPublicKey(value).modN.power(3n, value + 1n) === 9n;
}
