import type { PartyIndex } from '../common/index.js';
import type { BoundedCache, Group } from '../crypto/index.js';
import type { KeyAlgorithm } from '../identity/index.js';

/** The group that a secret is shared in. */
export interface SharingGroup<P = unknown> {
  /** Names the group to a worker. */
  readonly algorithm: KeyAlgorithm;
  readonly group: Group<P>;
  /** X_j by V and index, so that it is computed once. */
  readonly verificationShares: BoundedCache<P>;
}

/** The context of a thread that computes for key generation: the group of each algorithm. */
export type SharingContext = {
  readonly schemes: Readonly<Record<KeyAlgorithm, { readonly sharing: SharingGroup }>>;
};

/** One participant's key share: f(index). Its holder wipes it. */
export type KeyShare = {
  /** 1 .. n. */
  readonly index: PartyIndex;
  /** An encoded scalar. */
  readonly scalar: Uint8Array;
};
