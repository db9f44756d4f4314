import { assert, equal, toHex } from '../../common/index.js';
import { BoundedCache, wipe, type Group } from '../../crypto/index.js';
import { LastProducts } from './last-products.js';
import type { PointLibrary } from './point-library.js';

/** About 4 MB: the commitments in a voter's pools, and the public polynomials of a few hundred keys. */
const DECODED_POINTS_MAX = 8192;
/**
 * The order of a curve's group and its spelling of scalars, whichever library computes; and its constant-time multiples of any
 * point, which not every library has.
 */
export type CurveFacts = Pick<
  Group<unknown>,
  | 'order'
  | 'pointBytes'
  | 'scalarBytes'
  | 'decodeScalar'
  | 'encodeScalar'
  | 'decode'
  | 'encode'
  | 'multiplySecret'
>;

/** No library of points has a spelling of the identity that all its functions take. */
const IDENTITY = new Uint8Array(0);

/**
 * The group of a curve by a library of points. The library never sees the identity and the scalar 0, about which libraries
 * differ: here is decided what comes of them.
 */
export class LibraryGroup implements Group<Uint8Array> {
  readonly order: bigint;
  readonly base: Uint8Array;
  readonly identity = IDENTITY;
  readonly pointBytes: number;
  readonly scalarBytes: number;
  readonly #facts: CurveFacts;
  readonly #library: PointLibrary;
  readonly #decoded = new BoundedCache<Uint8Array>(DECODED_POINTS_MAX);
  readonly #products = new LastProducts<Uint8Array>();

  constructor(facts: CurveFacts, library: PointLibrary) {
    this.order = facts.order;
    this.pointBytes = facts.pointBytes;
    this.scalarBytes = facts.scalarBytes;
    this.#facts = facts;
    this.#library = library;
    this.base = library.multiplyBase(facts.encodeScalar(1n));
  }

  decode(bytes: Uint8Array): Uint8Array | undefined {
    if (bytes.length !== this.pointBytes) return undefined;
    const name = toHex(bytes);
    const known = this.#decoded.get(name);
    if (known !== undefined) return known;

    const point = this.#library.decode(bytes);
    if (point !== undefined) this.#decoded.set(name, point);
    return point;
  }

  /** An encoded point is in the group, and is remembered: a node's own points cost no check when they come back. */
  encode(point: Uint8Array): Uint8Array {
    assert(!this.isIdentity(point), 'the identity has no encoding');
    const bytes = this.#library.encode(point);
    this.#decoded.set(toHex(bytes), point);
    return bytes;
  }

  decodeScalar(bytes: Uint8Array): bigint | undefined {
    return this.#facts.decodeScalar(bytes);
  }

  encodeScalar(scalar: bigint): Uint8Array {
    return this.#facts.encodeScalar(scalar);
  }

  add(a: Uint8Array, b: Uint8Array): Uint8Array {
    if (this.isIdentity(a)) return b;
    if (this.isIdentity(b)) return a;
    return equal(a, this.#library.negate(b)) ? IDENTITY : this.#library.add(a, b);
  }

  negate(a: Uint8Array): Uint8Array {
    return this.isIdentity(a) ? a : this.#library.negate(a);
  }

  equal(a: Uint8Array, b: Uint8Array): boolean {
    return equal(a, b);
  }

  isIdentity(a: Uint8Array): boolean {
    return a.length === 0;
  }

  multiplyBase(scalar: bigint): Uint8Array {
    const bytes = this.encodeScalar(scalar);
    if (scalar === 0n) return IDENTITY;
    try {
      return this.#library.multiplyBase(bytes);
    } finally {
      wipe(bytes);
    }
  }

  /** By the curve's own group: libsecp256k1's multiple of a point takes a time that depends on the scalar. */
  multiplySecret(point: Uint8Array, scalar: bigint): Uint8Array {
    if (scalar === 0n || this.isIdentity(point)) return IDENTITY;
    const facts = this.#facts.decode(this.#library.encode(point));
    assert(facts !== undefined, 'a point of the library is one of the curve');
    const product = this.#facts.encode(this.#facts.multiplySecret(facts, scalar));
    const own = this.#library.decode(product);
    assert(own !== undefined, 'a point of the curve is one of the library');
    return own;
  }

  multiplyPublic(point: Uint8Array, scalar: bigint): Uint8Array {
    const bytes = this.encodeScalar(scalar);
    if (scalar === 0n || this.isIdentity(point)) return IDENTITY;
    if (equal(point, this.base)) return this.#library.multiplyBase(bytes);
    return this.#products.of(point, scalar, () => this.#library.multiply(point, bytes));
  }

  sumOfProducts(terms: readonly (readonly [point: Uint8Array, scalar: bigint])[]): Uint8Array {
    return terms.reduce<Uint8Array>(
      (sum, [point, scalar]) => this.add(sum, this.multiplyPublic(point, scalar)),
      IDENTITY,
    );
  }
}
