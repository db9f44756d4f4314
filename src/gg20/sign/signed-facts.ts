import { decodeBigEndian } from '../../crypto/index.js';
import type { ParameterSet } from '../parameter-set.js';

/** The digest that is signed, and the key that it is signed for: every signer works it out by itself, from the entry. */
export type SignedFacts<P> = {
  readonly keyId: string;
  readonly version: number;
  /** Which hash made the digest; 0 for a bare digest, which no presignature serves. */
  readonly hash: number;
  /** 32 bytes. */
  readonly digest: Uint8Array;
  readonly path: readonly number[];
  /** The sum of the path's tweaks, in [0, q): PK' = PK + eps·G. */
  readonly eps: bigint;
  readonly derivedKey: P;
};

/** m: the digest as a number, modulo q (FIPS 186-5 §6.4.1: its leftmost 256 bits, and both curves have orders of 256). */
export function messageScalar(
  { curve }: ParameterSet,
  { digest }: Pick<SignedFacts<unknown>, 'digest'>,
): bigint {
  return decodeBigEndian(digest.subarray(0, 32)) % curve.group.order;
}
