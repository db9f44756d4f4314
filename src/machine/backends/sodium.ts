import type { PointLibrary } from './point-library.js';

const POINT_BYTES = 32;

/** The functions of libsodium that a group needs (`crypto_core_ed25519`, `crypto_scalarmult_ed25519`), as both packages have them. */
export interface Sodium {
  /** Canonical, on the curve, of order L: not the identity, and without a part of small order. */
  isValidPoint(point: Uint8Array): boolean;
  /** Writes a + b. */
  add(sum: Uint8Array, a: Uint8Array, b: Uint8Array): void;
  /** Writes scalar·base: constant time, no bit of the scalar is changed. */
  multiplyBase(product: Uint8Array, scalar: Uint8Array): void;
  /** Writes scalar·point, in constant time, too. */
  multiply(product: Uint8Array, scalar: Uint8Array, point: Uint8Array): void;
}

/**
 * libsodium's points are their encodings. Its functions refuse the identity and points of small order, and clamp nothing
 * where they are named `noclamp`.
 */
export function sodiumLibrary(name: string, sodium: Sodium): PointLibrary {
  return {
    name,
    decode: (encoded) => {
      // A copy in memory of its own: a caller may overwrite what it gave, or give a view of something long.
      const point = Uint8Array.from(encoded);
      return sodium.isValidPoint(point) ? point : undefined;
    },
    encode: (point) => Uint8Array.from(point),
    // −(x, y) = (−x, y), and the highest bit is the sign of x (RFC 8032 §5.1.2). Only the identity has x = 0 in this group.
    negate: (point) => point.map((byte, at) => (at === POINT_BYTES - 1 ? byte ^ 0x80 : byte)),
    add: (a, b) => written((sum) => sodium.add(sum, a, b)),
    multiplyBase: (scalar) => written((product) => sodium.multiplyBase(product, scalar)),
    multiply: (point, scalar) => written((product) => sodium.multiply(product, scalar, point)),
  };
}

function written(write: (into: Uint8Array) => void): Uint8Array {
  const bytes = new Uint8Array(POINT_BYTES);
  write(bytes);
  return bytes;
}
