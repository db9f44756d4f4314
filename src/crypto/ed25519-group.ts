import { mulAddUnsafe } from '@noble/curves/abstract/curve.js';
import type { EdwardsPoint } from '@noble/curves/abstract/edwards.js';
import { ed25519 } from '@noble/curves/ed25519.js';
import { assert, toHex } from '../common/index.js';
import { BoundedCache } from './bounded-cache.js';
import type { Group } from './group.js';
import { decodeLittleEndian, encodeLittleEndian } from './scalar.js';

const { Point } = ed25519;
const BYTES = 32;

/** About 4 MB: the commitments in a voter's pools, and the public polynomials of a few hundred keys. */
const DECODED_POINTS_MAX = 8192;

/** The subgroup of order L of the Edwards curve of RFC 8032, encoded as there. */
class Ed25519Group implements Group<EdwardsPoint> {
  readonly order = Point.Fn.ORDER;
  readonly base = Point.BASE;
  readonly identity = Point.ZERO;
  readonly pointBytes = BYTES;
  readonly scalarBytes = BYTES;
  readonly #decoded = new BoundedCache<EdwardsPoint>(DECODED_POINTS_MAX);

  decode(bytes: Uint8Array): EdwardsPoint | undefined {
    if (bytes.length !== BYTES) return undefined;
    const key = toHex(bytes);
    const known = this.#decoded.get(key);
    if (known !== undefined) return known;

    const point = parse(bytes);
    if (point !== undefined) this.#decoded.set(key, point);
    return point;
  }

  /** What is encoded here is in the group, and is remembered: a node's own points cost no check when they come back. */
  encode(point: EdwardsPoint): Uint8Array {
    assert(!point.is0(), 'the identity has no encoding');
    const bytes = point.toBytes();
    this.#decoded.set(toHex(bytes), point);
    return bytes;
  }

  decodeScalar(bytes: Uint8Array): bigint | undefined {
    if (bytes.length !== BYTES) return undefined;
    const scalar = decodeLittleEndian(bytes);
    return scalar < this.order ? scalar : undefined;
  }

  encodeScalar(scalar: bigint): Uint8Array {
    assert(scalar >= 0n && scalar < this.order, 'a scalar is below the order');
    return encodeLittleEndian(scalar, BYTES);
  }

  add(a: EdwardsPoint, b: EdwardsPoint): EdwardsPoint {
    return a.add(b);
  }

  negate(a: EdwardsPoint): EdwardsPoint {
    return a.negate();
  }

  equal(a: EdwardsPoint, b: EdwardsPoint): boolean {
    return a.equals(b);
  }

  isIdentity(a: EdwardsPoint): boolean {
    return a.is0();
  }

  multiplyBase(scalar: bigint): EdwardsPoint {
    return scalar === 0n ? Point.ZERO : Point.BASE.multiply(scalar);
  }

  multiplyPublic(point: EdwardsPoint, scalar: bigint): EdwardsPoint {
    return point.multiplyUnsafe(scalar);
  }

  sumOfProducts(terms: readonly (readonly [EdwardsPoint, bigint])[]): EdwardsPoint {
    return mulAddUnsafe(
      Point,
      terms.map(([point]) => point),
      terms.map(([, scalar]) => scalar),
    );
  }
}

/** RFC 8032 §5.1.3 without leniency, and the two things that it permits: small-order parts and the identity. */
function parse(bytes: Uint8Array): EdwardsPoint | undefined {
  let point: EdwardsPoint;
  try {
    point = Point.fromBytes(bytes);
  } catch {
    return undefined;
  }
  return point.is0() || !point.isTorsionFree() ? undefined : point;
}

export const ed25519Group: Group<EdwardsPoint> = new Ed25519Group();
