import { modulo } from '../scalar.js';
import type { Modulus } from './modulus.js';

/** Two coprime moduli, and computing modulo their product by computing modulo each (the Chinese remainder theorem). */
export class Crt {
  readonly first: Modulus;
  readonly second: Modulus;
  readonly product: bigint;
  /** second^−1 mod first. */
  readonly #inverse: bigint;

  constructor(first: Modulus, second: Modulus) {
    this.first = first;
    this.second = second;
    this.product = first.value * second.value;
    this.#inverse = first.inverse(second.value);
  }

  /** The number below the product with these remainders (Garner). */
  combine(a: bigint, b: bigint): bigint {
    const difference = modulo((a - b) * this.#inverse, this.first.value);
    return b + this.second.value * difference;
  }

  /** base^exponent modulo the product. */
  power(base: bigint, exponent: bigint): bigint {
    return this.combine(this.first.power(base, exponent), this.second.power(base, exponent));
  }
}

/** base^exponent modulo two primes: each exponent is taken modulo its prime less one. The base is a unit. */
export function powerModuloPrimes(primes: Crt, base: bigint, exponent: bigint): bigint {
  const [a, b] = [primes.first, primes.second].map((prime) =>
    prime.power(base, modulo(exponent, prime.value - 1n)),
  );
  return primes.combine(a ?? 0n, b ?? 0n);
}
