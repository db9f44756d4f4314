import { createCipheriv, createDecipheriv, hkdfSync } from 'node:crypto';
import { concat } from '../common/index.js';

const CIPHER = 'aes-256-gcm';
const TAG_BYTES = 16;

/**
 * AES-256-GCM: ciphertext ‖ 16-byte tag.
 *
 * @param key - 32 bytes.
 * @param nonce - 12 bytes, never twice with one key.
 */
export function aesGcmSeal(
  key: Uint8Array,
  nonce: Uint8Array,
  associatedData: Uint8Array,
  plain: Uint8Array,
): Uint8Array {
  const cipher = createCipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(associatedData);
  return concat(cipher.update(plain), cipher.final(), cipher.getAuthTag());
}

/** The sealed plaintext, in an array of its own that the caller wipes; `undefined` when anything at all differs. */
export function aesGcmOpen(
  key: Uint8Array,
  nonce: Uint8Array,
  associatedData: Uint8Array,
  sealed: Uint8Array,
): Uint8Array | undefined {
  if (sealed.length < TAG_BYTES) return undefined;
  const end = sealed.length - TAG_BYTES;
  const decipher = createDecipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(associatedData);
  decipher.setAuthTag(sealed.subarray(end));
  const plain = decipher.update(sealed.subarray(0, end));
  try {
    decipher.final();
    return new Uint8Array(plain);
  } catch {
    return undefined;
  } finally {
    plain.fill(0);
  }
}

/** HKDF-SHA256 (RFC 5869), extract and expand. */
export function hkdfSha256(
  inputKey: Uint8Array,
  salt: Uint8Array,
  info: Uint8Array,
  length: number,
): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', inputKey, salt, info, length));
}
