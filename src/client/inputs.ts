import type { Algorithm, Gg20Profile, Hash, Key, Label } from '../wire/index.js';
import type { Judgement, KeyTrust } from './key-certificate.js';
import type { TlsFiles } from '../rpc/index.js';
import type { RequestSigner } from './request-signer.js';
import type { CallOptions } from './until.js';

export type ConnectFiles = Readonly<Record<'ca' | 'cert' | 'key' | 'clusterFile', string>>;

export type ConnectOptions = {
  /** `host:port` of nodes' client ports; any of them will do, and more are better. */
  readonly endpoints: readonly string[];
  /** PEM: the authorities of the nodes' certificates. */
  readonly ca: string;
  /** PEM: the caller's certificate, leaf first, and its private key. */
  readonly cert: string;
  readonly key: string;
  /** The bytes of `cluster.json`. Without it, requests are not signed, and keys cannot be verified. */
  readonly clusterFile?: Uint8Array | undefined;
  /**
   * The signer of requests that change something: `tls`, the key above, unless given. With `none`, and without a cluster file,
   * a node vouches for them, if the cluster lets it.
   */
  readonly signer?: RequestSigner | 'tls' | 'none' | undefined;
  /**
   * SPIFFE ids, whole, of requesters whose keys are as good as the caller's own: an operator that makes keys for
   * applications, for example.
   */
  readonly requesters?: readonly string[] | undefined;
  /**
   * Reads ca, cert and key again, as they are now. Asked before a call, every 10 s at most: a renewed pair that names the same
   * requester, and that nodes would take, is used for connections and signatures from then on. Any other is not.
   */
  readonly reload?: (() => TlsFiles) | undefined;
  /** The names of the files that these are from, for messages. */
  readonly files?: ConnectFiles | undefined;
  /**
   * The least that a key must be for a signature by it to be returned. Unless given, `active` for a caller that signs its
   * requests, and `vouched` for one that does not.
   */
  readonly require?: KeyTrust | undefined;
};

export type GenerateKeyInput = {
  readonly keyId: string;
  /** FROST_ED25519_SHA512 unless given. */
  readonly algorithm?: Algorithm | undefined;
  /** Of a GG20 key: the sizes of its participants' moduli. P3072 unless given. */
  readonly gg20Profile?: Gg20Profile | undefined;
  /** How many it takes to sign: a majority of the participants unless given. */
  readonly threshold?: number | undefined;
  /** All voters of the cluster file unless given. */
  readonly participants?: readonly string[] | undefined;
  readonly labels?: readonly Label[] | undefined;
  readonly allowedSigners?: readonly string[] | undefined;
  readonly allowNoRedundancy?: boolean | undefined;
  /** From one refresh of the shares to the next: an hour to a year, 0 for none by itself. 24 hours unless given. */
  readonly reshareIntervalMs?: number | undefined;
  /** The same id again gets the same outcome; a fresh one unless given. */
  readonly requestId?: string | undefined;
};

/** The payload of a signature: `message`, for an ECDSA key with its `hash`; or for an ECDSA key `digest` alone. */
export type Signable = {
  /** May be empty. A FROST key signs it as it is. */
  readonly message?: Uint8Array | undefined;
  /**
   * For an ECDSA key: the hash that every node makes of `message` for itself, SHA-256 unless given. Ethereum has Keccak-256, Bitcoin
   * double SHA-256.
   */
  readonly hash?: Hash | undefined;
  /**
   * For an ECDSA key: the 32 bytes that a hash has made. Prefer `message`: with a digest no signer can see what it signs, and the
   * cluster's records do not show it either.
   */
  readonly digest?: Uint8Array | undefined;
};

/** The key that a signature is asked of. */
export type SigningKeyInput = {
  readonly keyId: string;
  /** The public key that the signature must verify under; one whose certificate has been verified unless given. */
  readonly publicKey?: Uint8Array | undefined;
  /** Of the public key given: FROST_ED25519_SHA512 unless given. */
  readonly algorithm?: Algorithm | undefined;
  /** Signs with the key derived at this path: at most 16 numbers below 2^31. The key itself unless given. */
  readonly path?: readonly number[] | undefined;
};

export type SignInput = SigningKeyInput &
  Signable & {
    readonly requestId?: string | undefined;
  };

export type GetKeyOptions = CallOptions & {
  /** The known public key. */
  readonly publicKey?: Uint8Array | undefined;
};

/** A key, and what its certificate is worth. */
export type JudgedKey = { readonly key: Key } & Judgement;
