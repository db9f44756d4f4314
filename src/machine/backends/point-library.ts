/**
 * A library's arithmetic on points that it keeps as bytes: in a spelling of its own, one for each point, never of the
 * identity. All that goes in came out of it; scalars are 32 bytes in the curve's order, 1 .. q−1.
 */
export interface PointLibrary {
  /** The package that computes. */
  readonly name: string;
  /** The library's spelling of a canonically encoded point of the group; nothing for all other bytes of that length. */
  decode(encoded: Uint8Array): Uint8Array | undefined;
  /** The canonical encoding. */
  encode(point: Uint8Array): Uint8Array;
  negate(point: Uint8Array): Uint8Array;
  /** a + b, for b ≠ −a. */
  add(a: Uint8Array, b: Uint8Array): Uint8Array;
  /** scalar·base in a time that does not depend on the scalar, which leaves no copy behind. */
  multiplyBase(scalar: Uint8Array): Uint8Array;
  multiply(point: Uint8Array, scalar: Uint8Array): Uint8Array;
}
