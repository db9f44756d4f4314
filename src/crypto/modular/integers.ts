import { assert } from '../../common/index.js';
import { modulo } from '../scalar.js';

/** The number of binary digits of value ≥ 0; 0 for 0. */
export function bitLength(value: bigint): number {
  if (value === 0n) return 0;
  const digits = value.toString(16);
  const first = Number.parseInt(digits.slice(0, 1), 16);
  return digits.length * 4 - (Math.clz32(first) - 28);
}

/** Bytes that value ≥ 0 needs; 1 for 0. */
export function byteLength(value: bigint): number {
  return Math.max(1, Math.ceil(bitLength(value) / 8));
}

/** The greatest common divisor of two numbers, not both 0, in a time that depends on them. */
export function gcd(a: bigint, b: bigint): bigint {
  let [x, y] = [a < 0n ? -a : a, b < 0n ? -b : b];
  while (y !== 0n) [x, y] = [y, x % y];
  return x;
}

/** Claims 0 < value < m and gcd(value, m) = 1. */
export function isUnit(value: bigint, m: bigint): boolean {
  return value > 0n && value < m && gcd(value, m) === 1n;
}

/**
 * Claims {@link isUnit} of every value: one gcd, of their product, for all of them.
 */
export function areUnits(values: readonly bigint[], m: bigint): boolean {
  if (!values.every((value) => value > 0n && value < m)) return false;
  return (
    gcd(
      values.reduce((product, value) => (product * value) % m, 1n),
      m,
    ) === 1n
  );
}

/** The Jacobi symbol (a/n) of an odd n > 0: −1, 0 or 1 (Cohen, algorithm 1.4.10). For public values. */
export function jacobi(a: bigint, n: bigint): -1 | 0 | 1 {
  assert(n > 0n && (n & 1n) === 1n, 'a Jacobi symbol is of an odd number');
  let [top, bottom, sign] = [modulo(a, n), n, 1];
  while (top !== 0n) {
    while ((top & 1n) === 0n) {
      top >>= 1n;
      const rest = bottom & 7n;
      if (rest === 3n || rest === 5n) sign = -sign;
    }
    [top, bottom] = [bottom, top];
    if ((top & 3n) === 3n && (bottom & 3n) === 3n) sign = -sign;
    top %= bottom;
  }
  if (bottom !== 1n) return 0;
  return sign === 1 ? 1 : -1;
}

/** ⌊value^(1/degree)⌋ by Newton's method, for value ≥ 0 and degree ≥ 2. */
export function integerRoot(value: bigint, degree: number): bigint {
  if (value < 2n) return value;
  const [k, k1] = [BigInt(degree), BigInt(degree - 1)];
  // Not below the root, so the sequence falls until it is there.
  let root = 1n << BigInt(Math.ceil(bitLength(value) / degree));
  for (;;) {
    const next = (k1 * root + value / root ** k1) / k;
    if (next >= root) return root;
    root = next;
  }
}

/** ⌊√value⌋. */
export function squareRoot(value: bigint): bigint {
  return integerRoot(value, 2);
}

/** No prime below it divides a modulus: looked for first, because it is quick. */
const SMALL_PRIME_BITS = 16;

/** Claims that value is b^k with k ≥ 2, where no prime below 2^16 divides it. */
export function isPerfectPower(value: bigint): boolean {
  const degreeMax = Math.floor(bitLength(value) / SMALL_PRIME_BITS);
  return primesBelow(degreeMax + 1).some(
    (degree) => integerRoot(value, degree) ** BigInt(degree) === value,
  );
}

let primorial: bigint | undefined;

/** Claims that a prime below 2^16 divides value. */
export function hasSmallFactor(value: bigint): boolean {
  primorial ??= productOf(primesBelow(2 ** SMALL_PRIME_BITS).map(BigInt));
  return gcd(primorial % value, value) !== 1n;
}

/** Eratosthenes. */
function primesBelow(bound: number): readonly number[] {
  const isComposite = new Uint8Array(bound);
  const primes: number[] = [];
  for (let n = 2; n < bound; n++) {
    if (isComposite[n] === 1) continue;
    primes.push(n);
    for (let multiple = n * n; multiple < bound; multiple += n) isComposite[multiple] = 1;
  }
  return primes;
}

/** In halves, so that most products are of numbers of one length. */
function productOf(factors: readonly bigint[]): bigint {
  if (factors.length <= 1) return factors[0] ?? 1n;
  const half = factors.length >> 1;
  return productOf(factors.slice(0, half)) * productOf(factors.slice(half));
}
