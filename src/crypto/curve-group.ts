import { mulAddUnsafe } from '@noble/curves/abstract/curve.js';
import type { CurvePoint, CurvePointCons } from '@noble/curves/abstract/curve.js';
import { assert, toHex } from '../common/index.js';
import { BoundedCache } from './bounded-cache.js';
import type { Group } from './group.js';

/** About 4 MB: the commitments in a voter's pools, and the public polynomials of a few hundred keys. */
const DECODED_POINTS_MAX = 8192;

/** Ways to write a scalar down: 32 bytes, in the order that the curve's standards have it. */
type ScalarOrder = {
  readonly decode: (bytes: Uint8Array) => bigint;
  readonly encode: (value: bigint, length: number) => Uint8Array;
};

type Curve<P extends CurvePoint<bigint, P>> = {
  readonly Point: CurvePointCons<P>;
  readonly pointBytes: number;
  readonly scalars: ScalarOrder;
};

const SCALAR_BYTES = 32;

/** The subgroup of prime order of one of @noble/curves' curves. */
export class CurveGroup<P extends CurvePoint<bigint, P>> implements Group<P> {
  readonly order: bigint;
  readonly base: P;
  readonly identity: P;
  readonly pointBytes: number;
  readonly scalarBytes = SCALAR_BYTES;
  readonly #Point: CurvePointCons<P>;
  readonly #scalars: ScalarOrder;
  readonly #decoded = new BoundedCache<P>(DECODED_POINTS_MAX);

  constructor({ Point, pointBytes, scalars }: Curve<P>) {
    this.order = Point.Fn.ORDER;
    this.base = Point.BASE;
    this.identity = Point.ZERO;
    this.pointBytes = pointBytes;
    this.#Point = Point;
    this.#scalars = scalars;
  }

  decode(bytes: Uint8Array): P | undefined {
    if (bytes.length !== this.pointBytes) return undefined;
    const key = toHex(bytes);
    const known = this.#decoded.get(key);
    if (known !== undefined) return known;

    const point = this.#parse(bytes);
    if (point !== undefined) this.#decoded.set(key, point);
    return point;
  }

  /** An encoded point is in the group, and is remembered: a node's own points cost no check when they come back. */
  encode(point: P): Uint8Array {
    assert(!point.is0(), 'the identity has no encoding');
    const bytes = point.toBytes();
    this.#decoded.set(toHex(bytes), point);
    return bytes;
  }

  decodeScalar(bytes: Uint8Array): bigint | undefined {
    if (bytes.length !== SCALAR_BYTES) return undefined;
    const scalar = this.#scalars.decode(bytes);
    return scalar < this.order ? scalar : undefined;
  }

  encodeScalar(scalar: bigint): Uint8Array {
    assert(scalar >= 0n && scalar < this.order, 'a scalar is below the order');
    return this.#scalars.encode(scalar, SCALAR_BYTES);
  }

  add(a: P, b: P): P {
    return a.add(b);
  }

  negate(a: P): P {
    return a.negate();
  }

  equal(a: P, b: P): boolean {
    return a.equals(b);
  }

  isIdentity(a: P): boolean {
    return a.is0();
  }

  multiplyBase(scalar: bigint): P {
    return scalar === 0n ? this.identity : this.base.multiply(scalar);
  }

  multiplySecret(point: P, scalar: bigint): P {
    return scalar === 0n ? this.identity : point.multiply(scalar);
  }

  multiplyPublic(point: P, scalar: bigint): P {
    return point.multiplyUnsafe(scalar);
  }

  sumOfProducts(terms: readonly (readonly [P, bigint])[]): P {
    return mulAddUnsafe(
      this.#Point,
      terms.map(([point]) => point),
      terms.map(([, scalar]) => scalar),
    );
  }

  /** The standard's decoding, and what some of them permit: points outside of the subgroup, and the identity. */
  #parse(bytes: Uint8Array): P | undefined {
    let point: P;
    try {
      point = this.#Point.fromBytes(bytes);
    } catch {
      return undefined;
    }
    return point.is0() || !point.isTorsionFree() ? undefined : point;
  }
}
