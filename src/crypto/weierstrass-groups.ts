import type { WeierstrassPoint } from '@noble/curves/abstract/weierstrass.js';
import { p256, p256_hasher } from '@noble/curves/nist.js';
import { secp256k1, secp256k1_hasher } from '@noble/curves/secp256k1.js';
import { CurveGroup } from './curve-group.js';
import type { Group } from './group.js';
import { decodeBigEndian, encodeBigEndian } from './scalar.js';

/** A point (x, y) of a curve y² = x³ + ax + b. */
export type AffinePoint = WeierstrassPoint<bigint>;

/** 33 bytes: SEC 1 §2.3.3, compressed and nothing else. Both curves have prime order: every point is in the group. */
const COMPRESSED_BYTES = 33;
const scalars = { decode: decodeBigEndian, encode: encodeBigEndian };

/** SEC 2 §2.4.1, the curve of Bitcoin. */
export const secp256k1Group: Group<AffinePoint> = new CurveGroup<AffinePoint>({
  Point: secp256k1.Point,
  pointBytes: COMPRESSED_BYTES,
  scalars,
});

/** NIST P-256, also secp256r1 (SEC 2 §2.4.2). */
export const p256Group: Group<AffinePoint> = new CurveGroup<AffinePoint>({
  Point: p256.Point,
  pointBytes: COMPRESSED_BYTES,
  scalars,
});

/** hash_to_curve of RFC 9380 §8.7, suite secp256k1_XMD:SHA-256_SSWU_RO_, under the suite's own name as tag. */
export function hashToSecp256k1(message: Uint8Array): AffinePoint {
  return secp256k1_hasher.hashToCurve(message);
}

/** hash_to_curve of RFC 9380 §8.2, suite P256_XMD:SHA-256_SSWU_RO_, under the suite's own name as tag. */
export function hashToP256(message: Uint8Array): AffinePoint {
  return p256_hasher.hashToCurve(message);
}
