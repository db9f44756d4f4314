import { p256_FROST } from '@noble/curves/nist.js';
import { schnorr, secp256k1_FROST } from '@noble/curves/secp256k1.js';

/** Claims that a signature verifies. Never throws. */
export type Check = (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array) => boolean;

const SCALAR_BYTES = 32;
const COMPRESSED_BYTES = 33;
const X_BYTES = 32;

/**
 * RFC 9591, appendix B: z·G = R + c·PK, R and z canonical, no identity. By @noble/curves' own FROST from its decoding to its
 * hash, none of which signs here.
 */
function rfc9591(frost: Pick<typeof secp256k1_FROST, 'verify'>): Check {
  return (publicKey, message, signature) =>
    isRfc9591Length(publicKey, signature) &&
    holds(() => frost.verify(plain(signature), plain(message), plain(publicKey)));
}

export const verifySchnorrSecp256k1: Check = rfc9591(secp256k1_FROST);
export const verifySchnorrP256: Check = rfc9591(p256_FROST);

/** BIP-340, by @noble/curves. It refuses s = 0 too, which no signer makes. */
export const verifyBip340: Check = (publicKey, message, signature) =>
  isBip340Length(publicKey, signature) &&
  holds(() => schnorr.verify(plain(signature), plain(message), plain(publicKey)));

/** Claims that key and signature are as long as RFC 9591's on a curve with points of 33 bytes. */
export function isRfc9591Length(publicKey: Uint8Array, signature: Uint8Array): boolean {
  return (
    publicKey.length === COMPRESSED_BYTES && signature.length === COMPRESSED_BYTES + SCALAR_BYTES
  );
}

/** Claims that key and signature are as long as BIP-340's. */
export function isBip340Length(publicKey: Uint8Array, signature: Uint8Array): boolean {
  return publicKey.length === X_BYTES && signature.length === X_BYTES + SCALAR_BYTES;
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
