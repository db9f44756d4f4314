import { assert } from '../common/index.js';
import { Algorithm } from '../wire/index.js';

/** An algorithm that keys can be made of. */
export type KeyAlgorithm = Exclude<Algorithm, Algorithm.UNSPECIFIED | Algorithm.UNRECOGNIZED>;

/** The facts that every room may know of an algorithm. */
export type AlgorithmFacts = {
  /** As people and transcripts write it. */
  readonly name: string;
  /** The feature level that it came with. Below it, no key is made of it. */
  readonly level: number;
  readonly pointBytes: number;
  readonly signing: SigningWay;
  /**
   * What is signed: a request's message, or a digest, which a request names or every node makes of the message. Signatures of
   * digests are ECDSA's, and have a recovery id.
   */
  readonly signs: 'message' | 'digest';
  readonly publicKeyBytes: number;
  readonly signatureBytes: number;
  /** The largest evidence that its protocols make, with the largest request. */
  readonly evidenceBytesMax: number;
};

/** How the signers of an attempt make a signature. */
export type SigningWay =
  /**
   * Each of them alone, with what it had ready. `supplyBytes`: the lengths of a supply's public parts. FROST: the points D
   * and E of a commitment.
   */
  | { readonly by: 'supplies'; readonly supplyBytes: readonly number[] }
  /** Together, in rounds of messages, under the auxiliary material of their set. */
  | { readonly by: 'session' };

/** A few messages of FROST and of key generation, with the entry that they answer. */
const EVIDENCE_BYTES_MAX = 96 * 1024;
/** Messages of GG20, with the records of all members' moduli. */
const GG20_EVIDENCE_BYTES_MAX = 256 * 1024;

/** ECDSA over a curve of 256 bits: r and s, and the key is a compressed point. */
const ECDSA = {
  level: 3,
  pointBytes: 33,
  signing: { by: 'session' },
  signs: 'digest',
  publicKeyBytes: 33,
  signatureBytes: 64,
  evidenceBytesMax: GG20_EVIDENCE_BYTES_MAX,
} as const;

/** RFC 9591: R and z of 65 bytes, and the key is a compressed point. */
const SCHNORR = {
  level: 1,
  pointBytes: 33,
  signing: { by: 'supplies', supplyBytes: [33, 33] },
  signs: 'message',
  publicKeyBytes: 33,
  signatureBytes: 65,
  evidenceBytesMax: EVIDENCE_BYTES_MAX,
} as const;

export const ALGORITHMS: Readonly<Record<KeyAlgorithm, AlgorithmFacts>> = {
  // RFC 8032.
  [Algorithm.FROST_ED25519_SHA512]: {
    name: 'FROST_ED25519_SHA512',
    level: 1,
    pointBytes: 32,
    signing: { by: 'supplies', supplyBytes: [32, 32] },
    signs: 'message',
    publicKeyBytes: 32,
    signatureBytes: 64,
    evidenceBytesMax: EVIDENCE_BYTES_MAX,
  },
  [Algorithm.FROST_SECP256K1_SHA256]: { name: 'FROST_SECP256K1_SHA256', ...SCHNORR },
  // BIP-340: x alone.
  [Algorithm.FROST_SECP256K1_TAPROOT]: {
    name: 'FROST_SECP256K1_TAPROOT',
    level: 1,
    pointBytes: 33,
    signing: { by: 'supplies', supplyBytes: [33, 33] },
    signs: 'message',
    publicKeyBytes: 32,
    signatureBytes: 64,
    evidenceBytesMax: EVIDENCE_BYTES_MAX,
  },
  [Algorithm.FROST_P256_SHA256]: { name: 'FROST_P256_SHA256', ...SCHNORR },
  [Algorithm.GG20_SECP256K1]: { name: 'GG20_SECP256K1', ...ECDSA },
  [Algorithm.GG20_P256]: { name: 'GG20_P256', ...ECDSA },
};

export const KEY_ALGORITHMS: readonly KeyAlgorithm[] =
  Object.values(Algorithm).filter(isKeyAlgorithm);

/** Claims that keys can be made of an algorithm that a message names. */
export function isKeyAlgorithm(algorithm: Algorithm): algorithm is KeyAlgorithm {
  return algorithm in ALGORITHMS;
}

/** The algorithm of a record that was checked when it was written. */
export function algorithmOf({ algorithm }: { readonly algorithm: Algorithm }): KeyAlgorithm {
  assert(isKeyAlgorithm(algorithm), 'a key is of an algorithm that keys can be made of');
  return algorithm;
}

/** The algorithm as people and transcripts write it, for example `FROST_ED25519_SHA512`; its number when unknown. */
export function algorithmName(algorithm: Algorithm): string {
  return isKeyAlgorithm(algorithm) ? ALGORITHMS[algorithm].name : String(algorithm);
}

/** Claims that the parts of a supply have the lengths that `algorithm` asks for. */
export function isSupplyOf(algorithm: KeyAlgorithm, parts: readonly Uint8Array[]): boolean {
  const { signing } = ALGORITHMS[algorithm];
  if (signing.by !== 'supplies') return false;
  const { supplyBytes } = signing;
  return (
    parts.length === supplyBytes.length &&
    parts.every((part, at) => part.length === supplyBytes[at])
  );
}
