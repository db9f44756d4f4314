import type { PartyIndex } from '../common/index.js';
import { BoundedCache, type Group } from '../crypto/index.js';
import type { Derived, SharingGroup } from '../sharing/index.js';
import type { KeyAlgorithm } from '../identity/index.js';

/** The parts of a suite (RFC 9591 §6): a group, and five hashes that nothing else uses. */
export interface SuiteParts<P> {
  readonly algorithm: KeyAlgorithm;
  readonly group: Group<P>;
  /** Binding factors. */
  H1(message: Uint8Array): bigint;
  /** The challenge. */
  H2(message: Uint8Array): bigint;
  /** Nonces. */
  H3(message: Uint8Array): bigint;
  /** The message. */
  H4(message: Uint8Array): Uint8Array;
  /** The list of commitments. */
  H5(message: Uint8Array): Uint8Array;
  /** Where verifiers know points by x alone. */
  readonly taproot?: Taproot<P>;
  /** K′ and the sum of the tweaks of a path (K′ = K + tweak·G); `undefined` where there is no such key. */
  derive?(K: P, chainCode: Uint8Array, path: readonly number[]): Derived<P> | undefined;
}

/** The rules of BIP-340 and BIP-341 for points. */
export interface Taproot<P> {
  /** x(point), 32 bytes. */
  x(point: P): Uint8Array;
  /** Verifiers take x for the point with the even y. */
  hasOddY(point: P): boolean;
  /** The scalar that is added to the key with this x, or `undefined` where BIP-341 says to fail. */
  tweak(x: Uint8Array): bigint | undefined;
}

/** A sharing's key as one signature uses it: x = ±x_0 + tweak, where x_0 is the shared secret. All of it is public. */
export type Tweaked = {
  /** enc(PK): binding factors are bound to it. For Taproot the point with the even y, whose x is the public key. */
  readonly point: Uint8Array;
  /** Clients see it and verify under it, and the challenge is bound to it. */
  readonly publicKey: Uint8Array;
  readonly negated: boolean;
  readonly tweak: bigint;
};

/** The values that signers and aggregator compute alike from key, B and message. All of it is public. */
export type Binding<P> = {
  /** The first half of the signature: enc(R), for Taproot x(R). */
  readonly R: Uint8Array;
  /** Taproot: y(R) is odd, so verifiers take −R, and signers use −d and −e. */
  readonly negated: boolean;
  /** c = H2(R ‖ public key ‖ message), as verifiers compute it. */
  readonly c: bigint;
  readonly signers: ReadonlyMap<PartyIndex, SignerBinding<P>>;
};

export type SignerBinding<P> = {
  readonly D: P;
  readonly E: P;
  readonly rho: bigint;
  readonly lambda: bigint;
};

/** A suite, and caches, so that no public value is computed twice. */
export interface Suite<P = unknown> extends SuiteParts<P>, SharingGroup<P> {
  /** By everything that a binding depends on. */
  readonly bindings: BoundedCache<Binding<P>>;
  /** By V_0, chain code and path. */
  readonly tweaked: BoundedCache<Tweaked>;
}

const VERIFICATION_SHARES_MAX = 4096;
const BINDINGS_MAX = 512;
const TWEAKED_MAX = 4096;

export function createSuite<P>(parts: SuiteParts<P>): Suite<P> {
  return {
    ...parts,
    verificationShares: new BoundedCache(VERIFICATION_SHARES_MAX),
    bindings: new BoundedCache(BINDINGS_MAX),
    tweaked: new BoundedCache(TWEAKED_MAX),
  };
}
