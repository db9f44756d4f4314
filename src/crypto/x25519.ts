import { createPrivateKey, createPublicKey, diffieHellman } from 'node:crypto';
import { concat } from '../common/index.js';
import type { Random } from '../ports/index.js';
import { SecretBytes, wipe } from './secret.js';

export const X25519_BYTES = 32;

/** An X25519 key pair (RFC 7748); the caller ends the secret's life. */
export type X25519Pair = { readonly secret: SecretBytes; readonly publicKey: Uint8Array };

/** The beginning of a key in DER, before its 32 bytes: PKCS #8 and SubjectPublicKeyInfo (RFC 8410 §7, §4). */
const PRIVATE_PREFIX = Uint8Array.from([
  0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x6e, 0x04, 0x22, 0x04, 0x20,
]);
const PUBLIC_PREFIX = Uint8Array.from([
  0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x6e, 0x03, 0x21, 0x00,
]);

export function x25519Pair(random: Random): X25519Pair {
  const secret = new SecretBytes(clamped(random.bytes(X25519_BYTES)));
  const encoded = createPublicKey(privateKey(secret)).export({ format: 'der', type: 'spki' });
  return { secret, publicKey: new Uint8Array(encoded.subarray(PUBLIC_PREFIX.length)) };
}

/**
 * The secret that both ends share, or `undefined` for a public key that is no key: wrong length, or one of the points of small
 * order, with which every other key shares the same all-zero secret (RFC 7748 §6.1). By OpenSSL, which computes in
 * constant time and leaves no copy of the secret in arrays of ours.
 */
export function x25519Shared(
  secret: SecretBytes,
  peerPublicKey: Uint8Array,
): SecretBytes | undefined {
  if (peerPublicKey.length !== X25519_BYTES) return undefined;
  try {
    const shared = diffieHellman({
      privateKey: privateKey(secret),
      publicKey: createPublicKey({
        key: encodedKey(PUBLIC_PREFIX, peerPublicKey),
        format: 'der',
        type: 'spki',
      }),
    });
    return new SecretBytes(shared);
  } catch {
    // OpenSSL refuses to derive what is all zero.
    return undefined;
  }
}

/** decodeScalar25519 of RFC 7748 §5, in place: a copy that a library makes of the scalar is then equal to it. */
function clamped(bytes: Uint8Array): Uint8Array {
  bytes[0] = (bytes[0] ?? 0) & 0xf8;
  bytes[31] = ((bytes[31] ?? 0) & 0x7f) | 0x40;
  return bytes;
}

function privateKey(secret: SecretBytes) {
  const encoded = encodedKey(PRIVATE_PREFIX, secret.bytes);
  try {
    return createPrivateKey({ key: encoded, format: 'der', type: 'pkcs8' });
  } finally {
    wipe(encoded);
  }
}

function encodedKey(prefix: Uint8Array, key: Uint8Array): Buffer {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- any view of bytes is taken; the types name Buffer alone
  return concat(prefix, key) as Buffer;
}
