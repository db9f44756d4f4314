import { assert, fromHex, utf8 } from '../common/index.js';
import {
  decodeBigEndian,
  hashToP256,
  hashToSecp256k1,
  type Group,
  type Groups,
} from '../crypto/index.js';

/** A group in which ECDSA signatures are made, with a second generator. */
export interface Curve<P = unknown> {
  /** Stands in every session's id. */
  readonly name: string;
  readonly group: Group<P>;
  /** A generator whose logarithm to the base is not known to anyone. */
  readonly H: P;
  /** x of a point other than the identity, as a whole number below the field's order. */
  x(point: P): bigint;
  /** Claims that y of a point other than the identity is odd. */
  hasOddY(point: P): boolean;
}

export type CurveName = 'secp256k1' | 'P-256';

/** H = hash_to_curve(this), RFC 9380. */
const SECOND_GENERATOR = utf8('GG20-hardened/v1/H');

/** {@link SECOND_GENERATOR} on each curve: compressed points. */
const H: Readonly<Record<CurveName, string>> = {
  secp256k1: '02877ea54d7fb6a2d5975ae56a3b7407e83543c66838c7df7c1a5769efa9ccb6a2',
  'P-256': '029cbdf1419d45280d1afa07e1656040a37c5c7e6436aa03fe53123582224308c5',
};

/** Both curves, computed by these groups. */
export function curvesOver(groups: Groups): Readonly<Record<CurveName, Curve>> {
  return {
    secp256k1: curveOf('secp256k1', groups.secp256k1),
    'P-256': curveOf('P-256', groups.p256),
  };
}

function curveOf<P>(name: CurveName, group: Group<P>): Curve<P> {
  const second = group.decode(fromHex(H[name]) ?? new Uint8Array());
  assert(second !== undefined, 'a generator is a point');
  return {
    name,
    group,
    H: second,
    // SEC 1 §2.3.3: 02 before an even y and 03 before an odd one, then x.
    x: (point) => decodeBigEndian(group.encode(point).subarray(1)),
    hasOddY: (point) => group.encode(point)[0] === 3,
  };
}

/** Claims that the second generators are what their text hashes to. */
export function areGeneratorsRight(generators = H): boolean {
  return (
    generators.secp256k1 === hashToSecp256k1(SECOND_GENERATOR).toHex(true) &&
    generators['P-256'] === hashToP256(SECOND_GENERATOR).toHex(true)
  );
}
