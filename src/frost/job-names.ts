import type { PartyIndex } from '../common/index.js';
import type { JobName } from '../ports/index.js';
import type { KeyShare } from '../sharing/index.js';
import type { Algorithm } from '../wire/index.js';
import type { AggregateResult } from './aggregate.js';
import type { Commitment } from './binding.js';
import type { FrostPublic } from './key.js';
import { HEDGE_BYTES, type Nonce, type SignShareResult } from './sign.js';

/*
 * What is computed behind the port: plain data in, plain data out. Points are objects of a thread; what crosses is bytes,
 * and each side remembers for itself what it has decoded.
 */

/** A nonce as it was made, and its commitment. */
export type MadeNonce = Nonce & { readonly D: Uint8Array; readonly E: Uint8Array };

export type CommitInput = {
  readonly algorithm: Algorithm;
  /** The job's own copy: it wipes it. */
  readonly scalar: Uint8Array;
  /** {@link randomBytesOf} one nonce for each that is wanted; wiped. */
  readonly randomness: Uint8Array;
};

export type SignShareInput = {
  readonly algorithm: Algorithm;
  readonly key: FrostPublic;
  /** The job's own copy: it wipes it. */
  readonly share: KeyShare;
  /** Moved, and wiped. */
  readonly nonce: Nonce;
  readonly B: readonly Commitment[];
  readonly message: Uint8Array;
};

export type AggregateInput = {
  readonly algorithm: Algorithm;
  readonly key: FrostPublic;
  readonly B: readonly Commitment[];
  readonly message: Uint8Array;
  readonly shares: ReadonlyMap<PartyIndex, Uint8Array>;
};

export type VerifyInput = {
  readonly algorithm: Algorithm;
  readonly key: FrostPublic;
  readonly message: Uint8Array;
  readonly signature: Uint8Array;
};

export type DecodeInput = {
  readonly algorithm: Algorithm;
  readonly points: readonly Uint8Array[];
};

/** Nonces from fresh randomness, {@link commit} for each. */
export const commitJob: JobName<CommitInput, readonly MadeNonce[]> = 'frost/commit';
/** {@link signShare}. */
export const signShareJob: JobName<SignShareInput, SignShareResult> = 'frost/sign-share';
/** {@link aggregate}. */
export const aggregateJob: JobName<AggregateInput, AggregateResult> = 'frost/aggregate';
/** The public key that a final signature verifies under, the one at the path; `undefined` when it does not verify. */
export const verifyJob: JobName<VerifyInput, Uint8Array | undefined> = 'frost/verify';
/** Which of the points are points; whoever computes next with them need not find out again. */
export const decodeJob: JobName<DecodeInput, readonly boolean[]> = 'frost/decode';

/** How much randomness {@link commitJob} takes for `count` nonces. */
export function randomBytesOf(count: number): number {
  return 2 * HEDGE_BYTES * count;
}

export type BelongsInput = {
  readonly algorithm: Algorithm;
  readonly key: FrostPublic;
  /** The job's own copy: it wipes it. */
  readonly share: KeyShare;
};

/** {@link belongs}. */
export const belongsJob: JobName<BelongsInput, boolean> = 'frost/belongs';

export type PublicKeyInput = { readonly algorithm: Algorithm; readonly V_0: Uint8Array };

/** {@link publicKeyOf}. */
export const publicKeyJob: JobName<PublicKeyInput, Uint8Array | undefined> = 'frost/public-key';
