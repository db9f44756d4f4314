import { Buffer } from 'node:buffer';
import { createECDH } from 'node:crypto';
import { p256 } from '@noble/curves/nist.js';
import { assert } from '../../common/index.js';
import {
  CurveGroup,
  decodeBigEndian,
  encodeBigEndian,
  wipe,
  type AffinePoint,
} from '../../crypto/index.js';
import { LastProducts } from './last-products.js';

const COORDINATE_BYTES = 32;
const ONE = encodeBigEndian(1n, COORDINATE_BYTES);
const { Fp } = p256.Point;
const { a, b } = p256.Point.CURVE();

/** A product by OpenSSL, which names the point alone by its x. */
type Ecdh = ReturnType<typeof createECDH>;

/**
 * P-256 with OpenSSL's multiplications, as far as node:crypto reaches them: the public key of an ECDH key pair is a multiple of the
 * base, and a shared secret the x of a multiple of any point. @noble/curves decodes, adds and encodes.
 */
export class OpensslP256Group extends CurveGroup<AffinePoint> {
  readonly #ecdh: Ecdh = createECDH('prime256v1');
  readonly #products = new LastProducts<AffinePoint>();

  constructor() {
    super({
      Point: p256.Point,
      pointBytes: 1 + COORDINATE_BYTES,
      scalars: { decode: decodeBigEndian, encode: encodeBigEndian },
    });
  }

  override multiplyBase(scalar: bigint): AffinePoint {
    if (scalar === 0n) return this.identity;
    const secret = this.encodeScalar(scalar);
    try {
      this.#ecdh.setPrivateKey(secret);
      const point = this.#ecdh.getPublicKey();
      return p256.Point.fromAffine({ x: coordinate(point, 0), y: coordinate(point, 1) });
    } finally {
      wipe(secret);
      // OpenSSL wipes the key that another takes the place of.
      this.#ecdh.setPrivateKey(ONE);
    }
  }

  override multiplySecret(point: AffinePoint, scalar: bigint): AffinePoint {
    const isApart = scalar <= 1n || scalar === this.order - 1n || this.isIdentity(point);
    if (isApart) return super.multiplySecret(point, scalar);
    try {
      return this.#multiply(point, scalar);
    } finally {
      this.#ecdh.setPrivateKey(ONE);
    }
  }

  override multiplyPublic(point: AffinePoint, scalar: bigint): AffinePoint {
    if (scalar === 0n || this.isIdentity(point)) return this.identity;
    if (scalar === 1n) return point;
    if (scalar === this.order - 1n) return this.negate(point);
    if (point === this.base) return this.multiplyBase(scalar);
    return this.#products.of(point, scalar, () => this.#multiply(point, scalar));
  }

  override sumOfProducts(terms: readonly (readonly [AffinePoint, bigint])[]): AffinePoint {
    return terms.reduce(
      (sum, [point, scalar]) => this.add(sum, this.multiplyPublic(point, scalar)),
      this.identity,
    );
  }

  /**
   * scalar·(x, y) from the x of it and of (scalar + 1)·(x, y) (Okeya–Sakurai 2001): the addition law gives
   * (x2 + x + x1)(x1 − x)² = (y1 − y)², and the curve gives y1². So x1 ≠ x: the scalar is neither 0, 1 nor −1.
   */
  #multiply(point: AffinePoint, scalar: bigint): AffinePoint {
    const { x, y } = point.toAffine();
    const encoded = Buffer.concat([
      Uint8Array.of(4),
      encodeBigEndian(x, COORDINATE_BYTES),
      encodeBigEndian(y, COORDINATE_BYTES),
    ]);
    const x1 = this.#xOf(encoded, scalar);
    const x2 = this.#xOf(encoded, scalar + 1n);
    const difference = Fp.sub(x1, x);
    const squares = Fp.add(curveOf(x1), Fp.sqr(y));
    const slope = Fp.mul(Fp.add(Fp.add(x2, x), x1), Fp.sqr(difference));
    const y1 = Fp.mul(Fp.sub(squares, slope), Fp.inv(Fp.add(y, y)));
    assert(Fp.eql(Fp.sqr(y1), curveOf(x1)), 'OpenSSL computes a point of the curve');
    return p256.Point.fromAffine({ x: x1, y: y1 });
  }

  #xOf(encoded: Uint8Array, scalar: bigint): bigint {
    const secret = this.encodeScalar(scalar);
    this.#ecdh.setPrivateKey(secret);
    wipe(secret);
    return decodeBigEndian(this.#ecdh.computeSecret(encoded));
  }
}

/** x³ + ax + b. */
function curveOf(x: bigint): bigint {
  return Fp.add(Fp.mul(Fp.add(Fp.sqr(x), a), x), b);
}

/** The x or y of 04 ‖ x ‖ y. */
function coordinate(point: Uint8Array, which: 0 | 1): bigint {
  const start = 1 + which * COORDINATE_BYTES;
  return decodeBigEndian(point.subarray(start, start + COORDINATE_BYTES));
}
