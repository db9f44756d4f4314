import { assert, equal, type PartyIndex } from '../common/index.js';
import { wipe } from '../crypto/index.js';
import type { KeyAlgorithm } from '../identity/index.js';
import type { Job, Random } from '../ports/index.js';
import type { KeyShare, SharedKey } from '../sharing/index.js';
import { signedBytes, signedHash } from '../state/index.js';
import type { SignPayload } from '../state/index.js';
import { supplySigning } from './scheme.js';
import type {
  CombineResult,
  Schemes,
  SignerSupply,
  SignShareResult,
  MadeSupply,
  Verifiers,
} from './scheme.js';

/** The context of a thread that computes for signatures. */
export type SigningContext = { readonly schemes: Schemes; readonly verifiers: Verifiers };

export type MakeSuppliesInput = {
  readonly algorithm: KeyAlgorithm;
  /** A copy: taken, and wiped. */
  readonly scalar: Uint8Array;
  /** {@link SupplySigning.supplyRandomBytes} for each supply that is wanted. Taken, and wiped. */
  readonly randomness: Uint8Array;
};

/**
 * Supplies from fresh randomness. In the lane of signatures, though they are made ahead of need: each signature uses one of
 * each signer's, so shares that overtake them would find none.
 */
export const makeSuppliesJob: Job<MakeSuppliesInput, readonly MadeSupply[], SigningContext> = {
  name: 'signing/make-supplies',
  lane: 'signing',
  work: ({ algorithm, randomness }) => `${algorithm} ${randomness.length}`,
  takes: ({ scalar, randomness }) => [scalar, randomness],
  gives: (made) => made.map(({ secret }) => secret),
  compute({ algorithm, scalar, randomness }, { schemes }) {
    const signing = supplySigning(schemes, algorithm);
    const random = inTurn(randomness);
    const count = randomness.length / signing.supplyRandomBytes;
    assert(Number.isInteger(count), 'randomness is for whole supplies');
    try {
      return Array.from({ length: count }, () => signing.makeSupply(scalar, random));
    } finally {
      wipe(scalar, randomness);
    }
  },
};

export type CheckSuppliesInput = {
  readonly algorithm: KeyAlgorithm;
  /** The parts of each supply. */
  readonly supplies: readonly (readonly Uint8Array[])[];
};

/** {@link SupplySigning.isSupply} for each: the next job with the same points need not decode them again. */
export const checkSuppliesJob: Job<CheckSuppliesInput, readonly boolean[], SigningContext> = {
  name: 'signing/check-supplies',
  // Any participant causes it, by announcing supplies.
  lane: 'peers',
  compute({ algorithm, supplies }, { schemes }) {
    const signing = supplySigning(schemes, algorithm);
    return supplies.map((parts) => signing.isSupply(parts));
  },
};

export type SignShareInput = {
  readonly algorithm: KeyAlgorithm;
  readonly key: SharedKey;
  /** A copy: its scalar is taken, and wiped. */
  readonly share: KeyShare;
  /** Of the signer's supply. Taken, and wiped. */
  readonly secret: Uint8Array;
  readonly signers: readonly SignerSupply[];
  readonly message: Uint8Array;
};

/** {@link SupplySigning.signShare}. */
export const signShareJob: Job<SignShareInput, SignShareResult, SigningContext> = {
  name: 'signing/share',
  lane: 'signing',
  work: ({ algorithm, signers, message }) => `${algorithm} ${signers.length} ${sizeOf(message)}`,
  takes: ({ share, secret }) => [share.scalar, secret],
  compute({ algorithm, key, share, secret, signers, message }, { schemes }) {
    try {
      return supplySigning(schemes, algorithm).signShare(key, share, secret, signers, message);
    } finally {
      wipe(share.scalar, secret);
    }
  },
};

export type CombineInput = {
  readonly algorithm: KeyAlgorithm;
  readonly key: SharedKey;
  readonly signers: readonly SignerSupply[];
  readonly message: Uint8Array;
  readonly shares: ReadonlyMap<PartyIndex, Uint8Array>;
};

/** A signature, and the key at its path, under which it has been verified; or the signers of wrong shares. */
export type CombineOutput =
  | (Extract<CombineResult, { ok: true }> & { readonly publicKey: Uint8Array })
  | Extract<CombineResult, { ok: false }>;

/** {@link SupplySigning.combine}. */
export const combineJob: Job<CombineInput, CombineOutput, SigningContext> = {
  name: 'signing/combine',
  lane: 'signing',
  work: ({ algorithm, signers, message }) => `${algorithm} ${signers.length} ${sizeOf(message)}`,
  compute({ algorithm, key, signers, message, shares }, { schemes, verifiers }) {
    const scheme = schemes[algorithm];
    const publicKey = scheme.derivedPublicKey(key);
    if (publicKey === undefined) return { ok: false, culprits: [] };
    const signing = supplySigning(schemes, algorithm);
    const made = signing.combine(key, signers, message, shares, (signature) =>
      verifiers[algorithm].verify(publicKey, message, signature),
    );
    return made.ok ? { ...made, publicKey } : made;
  },
};

/** A signature that another node says an attempt has made. */
export type ClaimedSignature = Omit<CombineInput, 'shares'> & { readonly signature: Uint8Array };

/** Whether each verifies under the key at its path, and is of its attempt: {@link SupplySigning.isMadeOf}. */
export const checkClaimsJob: Job<readonly ClaimedSignature[], readonly boolean[], SigningContext> =
  {
    name: 'signing/check-claims',
    // Any voter causes it, by sending what is no signature.
    lane: 'peers',
    compute: (claims, { schemes, verifiers }) =>
      claims.map(({ algorithm, key, signers, message, signature }) => {
        const scheme = schemes[algorithm];
        const publicKey = scheme.derivedPublicKey(key);
        return (
          publicKey !== undefined &&
          verifiers[algorithm].verify(publicKey, message, signature) &&
          supplySigning(schemes, algorithm).isMadeOf(key, signers, message, signature)
        );
      }),
  };

export type VerifyInput = {
  readonly algorithm: KeyAlgorithm;
  readonly key: SharedKey;
  readonly payload: SignPayload;
  readonly signature: Uint8Array;
  /** Of a signature of a digest: it must lead to the key too. */
  readonly recoveryId?: number | undefined;
};

/** The public key that a final signature verifies under, the one at the path; `undefined` when it does not verify. */
export const verifyJob: Job<VerifyInput, Uint8Array | undefined, SigningContext> = {
  name: 'signing/verify',
  lane: 'signing',
  work: ({ algorithm, payload }) => {
    const bytes = payload.form === 'digest' ? payload.digest : payload.message;
    return `${algorithm} ${signedHash(payload)} ${sizeOf(bytes)}`;
  },
  compute({ algorithm, key, payload, signature, recoveryId }, { schemes, verifiers }) {
    const publicKey = schemes[algorithm].derivedPublicKey(key);
    const { verify, recover } = verifiers[algorithm];
    const bytes = signedBytes(payload);
    if (publicKey === undefined || !verify(publicKey, bytes, signature)) return undefined;
    if (recover === undefined && recoveryId === undefined) return publicKey;
    const recovered = recover?.(bytes, signature, recoveryId ?? NO_RECOVERY_ID);
    return recovered !== undefined && equal(recovered, publicKey) ? publicKey : undefined;
  },
};

/** Nothing is recovered with it. */
const NO_RECOVERY_ID = -1;

/** Messages of one class are hashed in about the same time. */
function sizeOf({ length }: Uint8Array): number {
  return Math.floor(Math.log2(length + 1));
}

/** Randomness that was drawn before, each byte given once. */
function inTurn(randomness: Uint8Array): Random {
  let at = 0;
  return {
    bytes(count) {
      assert(at + count <= randomness.length, 'randomness is given once');
      at += count;
      return randomness.slice(at - count, at);
    },
  };
}
