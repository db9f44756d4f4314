import type { PointLibrary } from './point-library.js';

/** The functions of libsecp256k1 that a group needs, over points that are not compressed (65 bytes). They throw for what is none. */
export interface Libsecp256k1 {
  /** The point of a compressed encoding (33 bytes). @throws when it is none. */
  decompress(encoded: Uint8Array): Uint8Array;
  add(a: Uint8Array, b: Uint8Array): Uint8Array;
  /** scalar·base: constant time. */
  multiplyBase(scalar: Uint8Array): Uint8Array;
  multiply(point: Uint8Array, scalar: Uint8Array): Uint8Array;
}

const COORDINATE_BYTES = 32;
/** p = 2^256 − 2^32 − 977 (SEC 2 §2.4.1), as bytes: its high ones are all 255. */
const FIELD_ORDER = Uint8Array.from({ length: COORDINATE_BYTES }, (_, at) =>
  at < 27 ? 0xff : ([0xfe, 0xff, 0xff, 0xfc, 0x2f][at - 27] ?? 0),
);

/** libsecp256k1's points are kept as 04 ‖ x ‖ y: what is compressed costs a square root whenever it is read. */
export function secp256k1Library(name: string, secp256k1: Libsecp256k1): PointLibrary {
  return {
    name,
    decode(encoded) {
      // The caller has looked at the length; 02 and 03 are the compressed spellings (SEC 1 §2.3.3).
      if (encoded[0] !== 2 && encoded[0] !== 3) return undefined;
      try {
        return secp256k1.decompress(Uint8Array.from(encoded));
      } catch {
        return undefined;
      }
    },
    encode(point) {
      const bytes = point.slice(0, 1 + COORDINATE_BYTES);
      bytes[0] = 2 + ((point[2 * COORDINATE_BYTES] ?? 0) & 1);
      return bytes;
    },
    negate: withNegatedY,
    add: (a, b) => secp256k1.add(a, b),
    multiplyBase: (scalar) => secp256k1.multiplyBase(scalar),
    multiply: (point, scalar) => secp256k1.multiply(point, scalar),
  };
}

/** −(x, y) = (x, p − y). No point of a group of odd order has y = 0. */
function withNegatedY(point: Uint8Array): Uint8Array {
  const negated = Uint8Array.from(point);
  let borrow = 0;
  for (let at = COORDINATE_BYTES - 1; at >= 0; at--) {
    const place = 1 + COORDINATE_BYTES + at;
    const difference = (FIELD_ORDER[at] ?? 0) - (point[place] ?? 0) - borrow;
    borrow = difference < 0 ? 1 : 0;
    negated[place] = difference & 0xff;
  }
  return negated;
}
