import { Hash } from '../wire/index.js';
import { doubleSha256, keccak256, sha256 } from './hash.js';

/** The digests that ECDSA signs, whichever hash makes them. */
export const DIGEST_BYTES = 32;

/** A hash of messages that a request can name. */
export type MessageHash = Exclude<Hash, Hash.UNSPECIFIED | Hash.UNRECOGNIZED>;

type HashFunction = {
  /** As people write it. */
  readonly name: string;
  /** {@link DIGEST_BYTES}. */
  readonly digest: (message: Uint8Array) => Uint8Array;
};

export const MESSAGE_HASHES: Readonly<Record<MessageHash, HashFunction>> = {
  // FIPS 180-4.
  [Hash.SHA256]: { name: 'sha256', digest: (message) => sha256(message) },
  [Hash.KECCAK256]: { name: 'keccak256', digest: keccak256 },
  [Hash.DOUBLE_SHA256]: { name: 'double-sha256', digest: doubleSha256 },
};

/** Claims that messages can be hashed with a hash that a request names. */
export function isMessageHash(hash: Hash): hash is MessageHash {
  return hash in MESSAGE_HASHES;
}

/** The digest of a message, 32 bytes: what an ECDSA signature of it is made of. */
export function messageDigest(hash: MessageHash, message: Uint8Array): Uint8Array {
  return MESSAGE_HASHES[hash].digest(message);
}
