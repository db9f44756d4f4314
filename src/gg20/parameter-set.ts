import { assert } from '../common/index.js';
import { bitLength, byteLength } from '../crypto/index.js';
import type { Curve } from './curve.js';
import type { Profile } from './profile.js';

/**
 * Bounds of the secrets and masks of MtA and its range proofs, all half-open: [0, bound). q is the order of the curve. A mask
 * is q times what it hides, so that what is seen of it is within 1/q of uniform.
 */
export type Ranges = {
  /** q^3: the mask of e·k and of e·b, and what a verified k and b are below. */
  readonly mask: bigint;
  /** q^5: Bob's additive mask beta', which hides k·b ≤ q^4. */
  readonly beta: bigint;
  /** q^7: the mask of e·beta', and what a verified beta' is below. */
  readonly betaMask: bigint;
  /** q: factor of Nh for the randomness of a commitment. */
  readonly opening: bigint;
  /** q^3: factor of Nh for the mask of e times that randomness. A text with q here leaks it (gg20 of 2020, tofn). */
  readonly openingMask: bigint;
};

/**
 * Bounds of Pi_fac: secrets are hidden by 2^(ell + eps), and challenges are below 2^ell (CGGMP24 C.1).
 */
export type FactorRanges = {
  /** 2^ell. */
  readonly ell: bigint;
  /** 2^(ell + eps). */
  readonly ellEps: bigint;
};

/** Bytes of numbers as they are hashed and sent: of public facts alone, never of the number. */
export type Widths = {
  /** L8: a number modulo N or Nh. */
  readonly modulus: number;
  /** A number modulo N². */
  readonly square: number;
  readonly scalar: number;
  readonly point: number;
  /** s1: up to q^3. */
  readonly mask: number;
  /** t1: up to q^7. A decrypted mu is within it too. */
  readonly betaMask: number;
  /** beta': below q^5. */
  readonly beta: number;
  /** s2, t2: up to 2·q^3·Nh. */
  readonly opening: number;
  /** Magnitudes of Pi_fac's signed numbers. */
  readonly factor: {
    readonly sg: number;
    readonly z: number;
    readonly w: number;
    readonly v: number;
  };
};

/** A curve and a profile, and all numbers that follow from them. */
export interface ParameterSet<P = unknown> {
  readonly curve: Curve<P>;
  readonly profile: Profile;
  readonly ranges: Ranges;
  readonly factorRanges: FactorRanges;
  readonly widths: Widths;
}

/** @throws Bug where a product of verified numbers could wrap around N: such a set would leak k. */
export function parameterSet<P>(curve: Curve<P>, profile: Profile): ParameterSet<P> {
  const { group } = curve;
  const q = group.order;
  const ranges: Ranges = {
    mask: q ** 3n,
    beta: q ** 5n,
    betaMask: q ** 7n,
    opening: q,
    openingMask: q ** 3n,
  };
  const ellBits = bitLength(q);
  const factorRanges = { ell: 1n << BigInt(ellBits), ellEps: 1n << BigInt(3 * ellBits) };
  const { modulusBits } = profile;
  assert(modulusBits % 16 === 0, 'both primes fill whole bytes');
  // |k·b + beta'| ≤ q^6 + q^7 < N/2, for the least N of this length.
  assert(ranges.mask ** 2n + ranges.betaMask < 1n << BigInt(modulusBits - 2), 'no product wraps');
  const modulus = modulusBits / 8;
  return {
    curve,
    profile,
    ranges,
    factorRanges,
    widths: {
      modulus,
      square: 2 * modulus,
      scalar: group.scalarBytes,
      point: group.pointBytes,
      mask: byteLength(ranges.mask),
      betaMask: byteLength(ranges.betaMask),
      beta: byteLength(ranges.beta),
      opening: bytesOf(bitLength(2n * ranges.openingMask) + modulusBits),
      factor: {
        sg: bytesOf(ellBits) + 2 * modulus,
        z: bytesOf(3 * ellBits) + modulus / 2,
        // A sum of two numbers below the bound.
        w: bytesOf(3 * ellBits + 1) + modulus,
        v: bytesOf(3 * ellBits + 1) + 2 * modulus,
      },
    },
  };
}

function bytesOf(bits: number): number {
  return Math.ceil(bits / 8);
}
