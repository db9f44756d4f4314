import { assert, type PartyIndex, type Result } from '../../common/index.js';
import {
  lagrangeAtZero,
  modulo,
  type PaillierPublicKey,
  type PaillierSecretKey,
  type RingPedersen,
  type RingPedersenTrapdoor,
} from '../../crypto/index.js';
import type { ParameterSet } from '../parameter-set.js';
import type { ProofContext } from '../zk/context.js';

/** The facts of a signer that every other one knows. */
export type SignerFacts<P> = {
  readonly key: PaillierPublicKey;
  readonly to: RingPedersen;
  /** W_j = lambda_j·X_j. */
  readonly W: P;
};

/** A session among t signers, as one of them sees it. */
export interface SignerSession<P> {
  readonly set: ParameterSet<P>;
  /** 32 bytes: of this attempt and no other. */
  readonly ssid0: Uint8Array;
  /** This signer's index among the key's participants. */
  readonly index: PartyIndex;
  /** S, ascending, this signer among them. */
  readonly signers: readonly PartyIndex[];
  /** Of every signer, own facts included. */
  readonly facts: ReadonlyMap<PartyIndex, SignerFacts<P>>;
  readonly PK: P;
  readonly own: OwnSecrets;
}

/** A signer's long-lived secrets in a session. */
export type OwnSecrets = {
  readonly key: PaillierSecretKey;
  readonly trapdoor: RingPedersenTrapdoor;
  /** w_i = lambda_i·x_i mod q. */
  readonly w: bigint;
};

/** Values by their sender. */
export type BySigner<V> = ReadonlyMap<PartyIndex, V>;

/** A check that a signer's message failed. */
export type Fault = { readonly culprit: PartyIndex; readonly check: string };

/**
 * Why a presignature does not come to be: messages whose checks fail, each with its sender; or a sum that is wrong though every
 * message is right by itself, which the two openings of blame find the culprit of: type 5, before S is known, and type 7, after.
 */
export type PresignFailure =
  | { readonly kind: 'faults'; readonly faults: readonly Fault[] }
  /** R would be the identity, or its x a multiple of q: chance, and no signer's fault. */
  | { readonly kind: 'no-nonce' }
  | { readonly kind: 'type-5' }
  | { readonly kind: 'type-7' };

export type PresignResult<T> = Result<T, PresignFailure>;

export function failed(failure: PresignFailure): {
  readonly ok: false;
  readonly refusal: PresignFailure;
} {
  return { ok: false, refusal: failure };
}

/** The value, or the faults where there are some. */
export function unlessFaults<T>(faults: readonly Fault[], value: () => T): PresignResult<T> {
  return faults.length === 0 ? { ok: true, value: value() } : failed({ kind: 'faults', faults });
}

/** w_i or W_i's factor: lambda_i(S). */
export function signerWeight(q: bigint, signers: readonly PartyIndex[], i: PartyIndex): bigint {
  return lagrangeAtZero(q, signers, i);
}

/** w_i = lambda_i·x_i mod q. */
export function weightedShare(
  q: bigint,
  signers: readonly PartyIndex[],
  i: PartyIndex,
  x_i: bigint,
): bigint {
  return modulo(signerWeight(q, signers, i) * x_i, q);
}

/** All signers but this one, ascending. */
export function othersOf({
  signers,
  index,
}: Pick<SignerSession<unknown>, 'signers' | 'index'>): readonly PartyIndex[] {
  return signers.filter((j) => j !== index);
}

/** The value of one signer: the caller has one of every signer. */
export function of<V>(values: BySigner<V>, j: PartyIndex): V {
  const value = values.get(j);
  assert(value !== undefined, 'there is a value of every signer');
  return value;
}

/** The place of a proof of `prover` to `verifier` in a round. */
export function place(
  ssid: Uint8Array,
  prover: PartyIndex,
  verifier: PartyIndex,
  round: number,
): ProofContext {
  return { ssid, prover, verifier, round };
}
