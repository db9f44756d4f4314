import { wipe } from '../crypto/index.js';
import type { KeyAlgorithm } from '../identity/index.js';
import type { Job } from '../ports/index.js';
import type { KeyShare, SharedKey } from '../sharing/index.js';
import type { SigningContext } from './signing-jobs.js';

export type PublicKeyInput = { readonly algorithm: KeyAlgorithm; readonly V_0: Uint8Array };

/** {@link Scheme.publicKeyOf}. */
export const publicKeyJob: Job<PublicKeyInput, Uint8Array | undefined, SigningContext> = {
  name: 'keys/public-key',
  lane: 'generation',
  compute: ({ algorithm, V_0 }, { schemes }) => schemes[algorithm].publicKeyOf(V_0),
};

export type BelongsInput = {
  readonly algorithm: KeyAlgorithm;
  readonly key: SharedKey;
  /** A copy: its scalar is taken, and wiped. */
  readonly share: KeyShare;
};

/** {@link Scheme.belongs}. */
export const belongsJob: Job<BelongsInput, boolean, SigningContext> = {
  name: 'keys/belongs',
  lane: 'generation',
  takes: ({ share }) => [share.scalar],
  compute({ algorithm, key, share }, { schemes }) {
    try {
      return schemes[algorithm].belongs(key, share);
    } finally {
      wipe(share.scalar);
    }
  },
};
