import { x25519 } from '@noble/curves/ed25519.js';
import type { Random } from '../ports/index.js';
import { SecretBytes } from './secret.js';

export const X25519_BYTES = 32;

/** An X25519 key pair (RFC 7748); the caller ends the secret's life. */
export type X25519Pair = { readonly secret: SecretBytes; readonly publicKey: Uint8Array };

export function x25519Pair(random: Random): X25519Pair {
  const secret = new SecretBytes(random.bytes(X25519_BYTES));
  return { secret, publicKey: x25519.getPublicKey(secret.bytes) };
}

/**
 * The secret that both ends share, or `undefined` for a public key that is no key: wrong length, or one of the points of small
 * order, with which every other key shares the same all-zero secret (RFC 7748 §6.1).
 */
export function x25519Shared(
  secret: SecretBytes,
  peerPublicKey: Uint8Array,
): SecretBytes | undefined {
  if (peerPublicKey.length !== X25519_BYTES) return undefined;
  try {
    return new SecretBytes(x25519.getSharedSecret(secret.bytes, peerPublicKey));
  } catch {
    return undefined;
  }
}
