/**
 * A group of prime order q, written additively, in which the protocols compute. `P` is a point in the group's own
 * representation: protocols pass it on and never look inside, so any group can stand in for another. Every `P` there is
 * came out of one of these functions, hence lies in the group.
 */
export interface Group<P> {
  /** q, a prime. Scalars are 0 .. q−1. */
  readonly order: bigint;
  readonly base: P;
  readonly identity: P;
  readonly pointBytes: number;
  readonly scalarBytes: number;

  /**
   * The point that `bytes` spell, or `undefined`: wrong length, not the canonical spelling, not on the curve, outside the
   * subgroup of order q, or the identity. Each point is checked once and then remembered for a while.
   */
  decode(bytes: Uint8Array): P | undefined;
  /** The canonical spelling. Never of the identity, which no protocol sends. */
  encode(point: P): Uint8Array;
  /** A scalar, or `undefined` for a wrong length or a number ≥ q. */
  decodeScalar(bytes: Uint8Array): bigint | undefined;
  encodeScalar(scalar: bigint): Uint8Array;

  add(a: P, b: P): P;
  negate(a: P): P;
  equal(a: P, b: P): boolean;
  isIdentity(a: P): boolean;

  /** scalar·base for a secret scalar: the same steps for all bits (as far as bigints go). */
  multiplyBase(scalar: bigint): P;
  /** scalar·point for a secret scalar, as {@link multiplyBase}. */
  multiplySecret(point: P, scalar: bigint): P;
  /** scalar·point in a time that depends on both: public data only. */
  multiplyPublic(point: P, scalar: bigint): P;
  /** Σ scalar·point, in one pass of doublings, in a time that depends on all: public data only. */
  sumOfProducts(terms: readonly (readonly [point: P, scalar: bigint])[]): P;
}
