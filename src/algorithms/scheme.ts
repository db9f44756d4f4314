import { assert, type PartyIndex } from '../common/index.js';
import type { Curve } from '../gg20/index.js';
import type { KeyAlgorithm } from '../identity/index.js';
import type { SignedMessage } from '../mpc/index.js';
import type { Random } from '../ports/index.js';
import type { KeyShare, SharedKey, SharingGroup } from '../sharing/index.js';

/**
 * The material of one signer for one signature, made before the message is known and used once: a nonce of FROST with its
 * commitment. Other algorithms may need something else, so the bytes are opaque to their store.
 */
export type MadeSupply = {
  /** The holder's alone. Taken by the one signature that uses it, and wiped. */
  readonly secret: Uint8Array;
  /** Its public half, in the order of the algorithm's `supplyBytes`. */
  readonly parts: readonly Uint8Array[];
};

/** The public parts of a signer's supply, as the entry names them. */
export type SignerSupply = {
  readonly index: PartyIndex;
  readonly parts: readonly Uint8Array[];
};

export type SignShareResult =
  | { readonly share: Uint8Array }
  /** A supply's parts are no points: the owner's index. 0: no signature comes of all together, which is no signer's fault alone. */
  | { readonly declined: 'bad-commitment'; readonly index: PartyIndex }
  /** This node's own share failed the check that every node would make: a fault in its memory. The index is its own. */
  | { readonly declined: 'wrong-share'; readonly index: PartyIndex };

export type CombineResult =
  | { readonly ok: true; readonly signature: Uint8Array }
  /** The signers of wrong shares. None: every share is right or cannot be checked, and still there is no signature. */
  | { readonly ok: false; readonly culprits: readonly PartyIndex[] };

/** Faults of messages of signing: no honest signer signs such messages. */
export type SigningReason = 'WRONG_SHARE';

/** A signature as its attempt fixes it, and the accused's place in it. */
export type AccusedOfSigning = {
  /** As the accused itself signed for it. */
  readonly key: SharedKey;
  readonly signers: readonly SignerSupply[];
  readonly message: Uint8Array;
  /** 0 for a node that holds no share of the key. */
  readonly index: PartyIndex;
};

/** An algorithm as a node has it. Everything is handed in; it keeps nothing but caches of public values. */
export interface Scheme {
  /** The group that its keys are shared in. */
  readonly sharing: SharingGroup;
  readonly signing: SupplySigning | SessionSigning;

  /** The public key as clients see it, of a sharing with this V_0. */
  publicKeyOf(V_0: Uint8Array): Uint8Array | undefined;
  /** The public key at the request's path; `undefined` for an unsound sharing, or where there is no key. */
  derivedPublicKey(key: SharedKey): Uint8Array | undefined;
  /** Whether the share is of this key: of its sharing, and the sharing of its public key. */
  belongs(key: SharedKey, share: KeyShare): boolean;
}

/** Signing in rounds of messages among the signers, under the auxiliary material of their set. */
export interface SessionSigning {
  readonly by: 'session';
  /** Of a parameter set's two parts the algorithm's; the key's set has the other, its profile. */
  readonly curve: Curve;
}

/** Signing in one message of each signer, with what it had ready before the message was known. */
export interface SupplySigning {
  readonly by: 'supplies';
  /** Randomness that {@link SupplySigning.makeSupply} takes, in bytes. */
  readonly supplyRandomBytes: number;

  /** @param scalar - This node's key share, an encoded scalar; the caller keeps and wipes it. */
  makeSupply(scalar: Uint8Array, random: Random): MadeSupply;
  /** Claims that a signature can be made with a supply that has these parts. */
  isSupply(parts: readonly Uint8Array[]): boolean;

  /**
   * This node's signature share, which has passed the check that every node would make.
   *
   * @param secret - Of this node's supply, whose parts stand in `signers`. Wiped in every case.
   * @param signers - Exactly the attempt's, in order of index, this node among them.
   */
  signShare(
    key: SharedKey,
    share: KeyShare,
    secret: Uint8Array,
    signers: readonly SignerSupply[],
    message: Uint8Array,
  ): SignShareResult;
  /**
   * Makes the signature of all shares, or finds the wrong ones.
   *
   * @param verify - Verifies under the derived public key, by code that is not this.
   */
  combine(
    key: SharedKey,
    signers: readonly SignerSupply[],
    message: Uint8Array,
    shares: ReadonlyMap<PartyIndex, Uint8Array>,
    verify: (signature: Uint8Array) => boolean,
  ): CombineResult;
  /**
   * Claims that no signature of other supplies is this one: with FROST, its nonce point is that of the attempt. Whether it
   * verifies is not asked.
   *
   * @param signers - As for {@link SupplySigning.combine}.
   */
  isMadeOf(
    key: SharedKey,
    signers: readonly SignerSupply[],
    message: Uint8Array,
    signature: Uint8Array,
  ): boolean;
  /** Whether the messages, all signed by the accused in its session, show the fault `reason`. */
  judge(
    accused: AccusedOfSigning,
    reason: SigningReason,
    messages: readonly SignedMessage[],
  ): boolean;
}

/** Every algorithm that keys can be made of. */
export type Schemes = Readonly<Record<KeyAlgorithm, Scheme>>;

/** The signing of an algorithm with supplies. The state admits supplies for the keys of no other. */
export function supplySigning(schemes: Schemes, algorithm: KeyAlgorithm): SupplySigning {
  const { signing } = schemes[algorithm];
  assert(signing.by === 'supplies', 'the algorithm signs with supplies');
  return signing;
}

/** Whether signatures hold, by code that does not sign. */
export type Verifier = {
  /** Claims that verifying takes less time than handing it to a worker. */
  readonly isQuick: boolean;
  /**
   * Claims that `signature` verifies. Never throws.
   *
   * @param message - What the algorithm signs: a message, or for ECDSA its digest.
   */
  readonly verify: (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array) => boolean;
  /**
   * The public key that a signature with a recovery id leads to, `undefined` where there is none. Of algorithms that sign
   * digests. Never throws.
   */
  readonly recover?: (
    digest: Uint8Array,
    signature: Uint8Array,
    recoveryId: number,
  ) => Uint8Array | undefined;
};

export type Verifiers = Readonly<Record<KeyAlgorithm, Verifier>>;
