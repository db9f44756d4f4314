import { assert } from '../common/index.js';
import type { Random } from '../ports/index.js';
import type { Group } from './group.js';
import { inverse, modulo, randomScalar } from './scalar.js';
import { SecretBytes } from './secret.js';

/**
 * A secret polynomial f over the scalars (Shamir 1979). Take it with `using`: its coefficients are wiped at the end of the
 * scope, as far as they are bytes; the bigints of a computation are left to the garbage collector.
 */
export class SecretPolynomial<P> {
  readonly #group: Group<P>;
  readonly #coefficients: readonly SecretBytes[];

  /** @param coefficients - a_0 .. a_{t−1}. */
  constructor(group: Group<P>, coefficients: readonly bigint[]) {
    assert(coefficients.length > 0, 'a polynomial has a constant term');
    this.#group = group;
    this.#coefficients = coefficients.map((each) => new SecretBytes(group.encodeScalar(each)));
  }

  /** f(0). */
  get constant(): bigint {
    return this.#values()[0] ?? 0n;
  }

  /** f(index) mod q. */
  evaluate(index: number): bigint {
    const x = BigInt(index);
    return this.#values().reduceRight((sum, each) => (sum * x + each) % this.#group.order, 0n);
  }

  /** a_l·G for each coefficient: Feldman's commitment (Feldman 1987). */
  commitment(): readonly P[] {
    return this.#values().map((each) => this.#group.multiplyBase(each));
  }

  /** a_0 .. a_{t−1} encoded, in arrays that are the caller's: it gives them away or wipes them. */
  copies(): readonly Uint8Array[] {
    return this.#coefficients.map(({ bytes }) => Uint8Array.from(bytes));
  }

  [Symbol.dispose](): void {
    for (const each of this.#coefficients) each[Symbol.dispose]();
  }

  #values(): readonly bigint[] {
    return this.#coefficients.map(({ bytes }) => {
      const value = this.#group.decodeScalar(bytes);
      assert(value !== undefined, 'a coefficient is a scalar');
      return value;
    });
  }
}

/** A polynomial with `threshold` coefficients, none of them zero, so that each has a point that can be sent. */
export function randomPolynomial<P>(
  group: Group<P>,
  threshold: number,
  random: Random,
): SecretPolynomial<P> {
  const coefficients = Array.from({ length: threshold }, () => randomScalar(group.order, random));
  return new SecretPolynomial(group, coefficients);
}

/**
 * lambda_i = Π_{j ≠ i} j/(j−i) mod q: the weight of f(i) in f(0), given f at `indices` (Lagrange; RFC 9591 §4.2).
 *
 * @param indices - Distinct, `index` among them.
 */
export function lagrangeAtZero(q: bigint, indices: readonly number[], index: number): bigint {
  let numerator = 1n;
  let denominator = 1n;
  for (const other of indices) {
    if (other === index) continue;
    numerator = modulo(numerator * BigInt(other), q);
    denominator = modulo(denominator * BigInt(other - index), q);
  }
  return modulo(numerator * inverse(denominator, q), q);
}

/**
 * f(index)·G from Feldman's commitment (a_0·G, a_1·G, …): Σ_l index^l·A_l, by Horner, where every factor is the small index
 * itself. That is a handful of doublings for each coefficient instead of a multiplication of full width.
 *
 * @param index - 1 or more; public, like the commitment.
 */
export function evaluateInExponent<P>(group: Group<P>, commitment: readonly P[], index: number): P {
  return commitment.reduceRight(
    (sum, each) => group.add(multiplySmall(group, sum, index), each),
    group.identity,
  );
}

/** factor·point by doubling and adding from the highest bit. */
function multiplySmall<P>(group: Group<P>, point: P, factor: number): P {
  let product = point;
  for (const bit of factor.toString(2).slice(1)) {
    product = group.add(product, product);
    if (bit === '1') product = group.add(product, point);
  }
  return product;
}
