import { p256_FROST } from '@noble/curves/nist.js';
import { schnorr, secp256k1_FROST } from '@noble/curves/secp256k1.js';

type Check = (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array) => boolean;

const SCALAR_BYTES = 32;
const COMPRESSED_BYTES = 33;
const X_BYTES = 32;

/**
 * RFC 9591, appendix B: z·G = R + c·PK, R and z canonical, no identity. By @noble/curves' own FROST from its decoding to its
 * hash, none of which signs here.
 */
function rfc9591(frost: Pick<typeof secp256k1_FROST, 'verify'>): Check {
  return (publicKey, message, signature) =>
    hasLengths(publicKey, COMPRESSED_BYTES, signature, COMPRESSED_BYTES + SCALAR_BYTES) &&
    holds(() => frost.verify(plain(signature), plain(message), plain(publicKey)));
}

export const verifySchnorrSecp256k1: Check = rfc9591(secp256k1_FROST);
export const verifySchnorrP256: Check = rfc9591(p256_FROST);

/** BIP-340, by @noble/curves. It refuses s = 0 too, which no signer makes. */
export const verifyBip340: Check = (publicKey, message, signature) =>
  hasLengths(publicKey, X_BYTES, signature, X_BYTES + SCALAR_BYTES) &&
  holds(() => schnorr.verify(plain(signature), plain(message), plain(publicKey)));

function hasLengths(
  publicKey: Uint8Array,
  keyBytes: number,
  signature: Uint8Array,
  signatureBytes: number,
): boolean {
  return publicKey.length === keyBytes && signature.length === signatureBytes;
}

/** Bytes that cannot be decoded do not verify. */
function holds(check: () => boolean): boolean {
  try {
    return check();
  } catch {
    return false;
  }
}

/** The library takes no subclasses of Uint8Array, such as Buffer. */
function plain(bytes: Uint8Array): Uint8Array {
  return Uint8Array.from(bytes);
}
