import { utf8 } from '../../../src/common/index.js';
import type { Verifier } from '../../../src/algorithms/index.js';
import {
  decodeBigEndian,
  encodeBigEndian,
  encodeLittleEndian,
  hashToField,
  inverse,
  modulo,
  type Group,
} from '../../../src/crypto/index.js';
import type { Curve } from '../../../src/gg20/index.js';
import { SMALL_MODULUS, smallSuite } from '../small-group.js';

const SCALAR_BYTES = 32;
const X_BYTES = 32;

const small = smallSuite().group;

/** A point and its negative, which have one x, are an element and its inverse. */
function xOf(point: bigint): bigint {
  const negative = inverse(point, SMALL_MODULUS);
  return point < negative ? point : negative;
}

function isOdd(point: bigint): boolean {
  return xOf(point) !== point;
}

/**
 * The small group in the shape of a curve of 256 bits: compressed points of 33 bytes, x and the parity of y, and scalars of 32. All of
 * ECDSA works in it, recovery too, and is as secure as a toy.
 */
const group: Group<bigint> = {
  order: small.order,
  base: small.base,
  identity: small.identity,
  pointBytes: 1 + X_BYTES,
  scalarBytes: SCALAR_BYTES,
  decode(bytes) {
    const [parity] = bytes;
    if (bytes.length !== 1 + X_BYTES || (parity !== 2 && parity !== 3)) return undefined;
    const x = decodeBigEndian(bytes.subarray(1));
    // Both its elements are in the group, or none is.
    const point =
      x >= SMALL_MODULUS ? undefined : small.decode(encodeLittleEndian(x, small.pointBytes));
    if (point === undefined || xOf(point) !== point) return undefined;
    return parity === 2 ? point : inverse(point, SMALL_MODULUS);
  },
  encode(point) {
    const bytes = new Uint8Array(1 + X_BYTES);
    bytes[0] = isOdd(point) ? 3 : 2;
    bytes.set(encodeBigEndian(xOf(point), X_BYTES), 1);
    return bytes;
  },
  decodeScalar(bytes) {
    const value = decodeBigEndian(bytes);
    return bytes.length === SCALAR_BYTES && value < small.order ? value : undefined;
  },
  encodeScalar: (scalar) => encodeBigEndian(scalar, SCALAR_BYTES),
  add: (a, b) => small.add(a, b),
  negate: (a) => small.negate(a),
  equal: (a, b) => small.equal(a, b),
  isIdentity: (a) => small.isIdentity(a),
  multiplyBase: (scalar) => small.multiplyBase(scalar),
  multiplySecret: (point, scalar) => small.multiplySecret(point, scalar),
  multiplyPublic: (point, scalar) => small.multiplyPublic(point, scalar),
  sumOfProducts: (terms) => small.sumOfProducts(terms),
};

/** @param name - Of the curve that it stands for: sessions and tables name their curve. */
export function smallCurve(name: string): Curve<bigint> {
  const h = hashToField(group.order, utf8('simulation'), utf8('H'));
  return { name, group, H: group.multiplyBase(h), x: xOf, hasOddY: isOdd };
}

/** ECDSA (FIPS 186-5 §6.4.2), and recovery (SEC 1 §4.1.6), in the small group: nothing of the code that signs. */
export const smallVerifier: Verifier = {
  isQuick: true,
  verify(publicKey, digest, signature) {
    const { order } = group;
    const key = group.decode(publicKey);
    const [r, s] = [
      decodeBigEndian(signature.subarray(0, 32)),
      decodeBigEndian(signature.subarray(32)),
    ];
    const isInRange = r > 0n && r < order && s > 0n && s <= order / 2n;
    if (key === undefined || signature.length !== 64 || !isInRange) return false;
    const w = inverse(s, order);
    const point = group.sumOfProducts([
      [group.base, modulo(decodeBigEndian(digest) * w, order)],
      [key, modulo(r * w, order)],
    ]);
    return !group.isIdentity(point) && xOf(point) % order === r;
  },
  recover(digest, signature, recoveryId) {
    const { order } = group;
    const [r, s] = [
      decodeBigEndian(signature.subarray(0, 32)),
      decodeBigEndian(signature.subarray(32)),
    ];
    const x = r + (recoveryId >= 2 ? order : 0n);
    const compressed = new Uint8Array([2 + (recoveryId & 1), ...encodeBigEndian(x, X_BYTES)]);
    const R = group.decode(compressed);
    if (R === undefined || r === 0n || r >= order) return undefined;
    const inverted = inverse(r, order);
    const key = group.sumOfProducts([
      [R, modulo(s * inverted, order)],
      [group.base, modulo(-decodeBigEndian(digest) * inverted, order)],
    ]);
    return group.isIdentity(key) ? undefined : group.encode(key);
  },
};
