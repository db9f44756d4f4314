import { expect, test } from '@jest/globals';
import { concat } from '../../src/common/index.js';
import {
  bitLength,
  encodeBigEndian,
  inverse,
  isPrime,
  modulo,
  PaillierSecretKey,
  randomUnit,
  secp256k1Group as group,
} from '../../src/crypto/index.js';
import { isFitPair, modulusChecks, PROFILES } from '../../src/gg20/index.js';
import { seededRandom } from '../support/builders/frost-exchange.js';
import { PAILLIER_ZK_PRIMES, TSS_LIB_SHARES, WYCHEPROOF_COMPOSITES } from './published-numbers.js';

test.each(Object.entries(WYCHEPROOF_COMPOSITES))(
  'Wycheproof: composite %s is no prime',
  (_, hex) => {
    expect(isPrime(BigInt(`0x${hex}`))).toBe(false);
  },
);

/** Square and multiply: numbers that no power is computed for elsewhere. */
function power(base: bigint, exponent: bigint, m: bigint): bigint {
  let [result, square, rest] = [1n, base % m, exponent];
  while (rest > 0n) {
    if ((rest & 1n) === 1n) result = (result * square) % m;
    square = (square * square) % m;
    rest >>= 1n;
  }
  return result;
}

test('Wycheproof: Fermat’s test to base 2 takes its pseudoprimes for primes, as the table says', () => {
  const pseudoprimes = Object.entries(WYCHEPROOF_COMPOSITES).filter(([id]) => {
    return (Number(id) >= 9 && Number(id) <= 15) || (Number(id) >= 20 && Number(id) <= 38);
  });
  expect(pseudoprimes).toHaveLength(25);
  for (const [id, hex] of pseudoprimes) {
    const n = BigInt(`0x${hex}`);
    expect([id, power(2n, n - 1n, n)]).toEqual([id, 1n]);
  }
});

test('paillier-zk: its primes make a key that encrypts, and fails no check but that of its length', () => {
  const random = seededRandom(1);
  const [p, q] = PAILLIER_ZK_PRIMES;
  const key = new PaillierSecretKey(p, q);

  expect([p, q].map((prime) => [isPrime(prime), bitLength(prime), prime % 4n])).toEqual([
    [true, 1536, 3n],
    [true, 1536, 3n],
  ]);
  // Lengths are exact here, and this product is one bit short: a key for tests of arithmetic, and no modulus of ours.
  expect(bitLength(p * q)).toBe(3071);
  expect(isFitPair(PROFILES.P3072, [p, q])).toBe(false);
  const failed = modulusChecks(PROFILES.P3072, key.N).filter(({ holds }) => !holds());
  expect(failed.map(({ name }) => name)).toEqual(['the modulus has its length']);
  const m = -(2n ** 500n);
  expect(key.decryptSigned(key.encrypt(m, randomUnit(key.N, random)))).toBe(m);
});

/** SEC 1 §2.3.3. */
function point([x, y]: readonly [bigint, bigint]) {
  const bytes = concat(Uint8Array.of(2 + Number(y & 1n)), encodeBigEndian(x, 32));
  const decoded = group.decode(bytes);
  if (decoded === undefined) throw new Error('a point of secp256k1');
  return decoded;
}

const { X, ids, points, publicKey } = TSS_LIB_SHARES;

test('tss-lib: a share belongs to its point', () => {
  expect(group.encode(group.multiplyBase(X))).toEqual(group.encode(point(points[0])));
});

/** Σ lambda_j·X_j over these participants, with ids of 256 bits as places on the polynomial. */
function interpolated(at: readonly number[]) {
  const q = group.order;
  return group.sumOfProducts(
    at.map((j) => {
      const factor = at
        .filter((each) => each !== j)
        .reduce((product, k) => {
          const [id = 0n, own = 0n] = [ids[k], ids[j]];
          return modulo(product * id * inverse(id - own, q), q);
        }, 1n);
      return [point(points[j] ?? points[0]), factor] as const;
    }),
  );
}

test('tss-lib: the shares’ points interpolate to the public key, whichever are taken', () => {
  const right = group.encode(point(publicKey));
  const sizes = [1, 2, 3, 4, 5].map((count) => {
    const first = Array.from({ length: count }, (_, at) => at);
    return Buffer.from(group.encode(interpolated(first))).equals(Buffer.from(right));
  });
  const threshold = sizes.indexOf(true) + 1;
  expect(threshold).toBeGreaterThan(1);
  expect(sizes.slice(threshold)).toEqual(sizes.slice(threshold).map(() => true));
  const last = Array.from({ length: threshold }, (_, at) => 4 - at);
  expect(group.encode(interpolated(last))).toEqual(right);
});
