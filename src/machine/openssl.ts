import { verify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { toHex } from '../common/index.js';
import { ED25519_KEY_BYTES, ED25519_SIGNATURE_BYTES, publicKeyObject } from './ed25519.js';
import { P256_KEY_BYTES, P256_SIGNATURE_BYTES, p256KeyObject } from './p256.js';

/** Key objects that are kept: making one costs more than half a verification. */
const KEYS_MAX = 1_024;
const keys = new Map<string, KeyObject>();

/** Ed25519 (RFC 8032). Never throws. */
export function verifyEd25519(
  publicKey: Uint8Array,
  bytes: Uint8Array,
  signature: Uint8Array,
): boolean {
  if (publicKey.length !== ED25519_KEY_BYTES) return false;
  if (signature.length !== ED25519_SIGNATURE_BYTES) return false;
  try {
    return verify(undefined, bytes, keyObject(publicKey, publicKeyObject), signature);
  } catch {
    return false;
  }
}

/** ECDSA with SHA-256, r ‖ s (FIPS 186-5 §6.4.2): s may be low or high. Never throws. */
export function verifyP256(point: Uint8Array, bytes: Uint8Array, signature: Uint8Array): boolean {
  if (point.length !== P256_KEY_BYTES || signature.length !== P256_SIGNATURE_BYTES) return false;
  try {
    const key = keyObject(point, p256KeyObject);
    return verify('sha256', bytes, { key, dsaEncoding: 'ieee-p1363' }, signature);
  } catch {
    return false;
  }
}

/** @param make - How keys of this length are read. */
function keyObject(publicKey: Uint8Array, make: (bytes: Uint8Array) => KeyObject): KeyObject {
  const name = toHex(publicKey);
  const known = keys.get(name);
  if (known !== undefined) return known;

  // The oldest goes: identity keys are few, and public keys of many keys may come and go.
  if (keys.size >= KEYS_MAX) for (const oldest of [...keys.keys()].slice(0, 1)) keys.delete(oldest);
  const made = make(publicKey);
  keys.set(name, made);
  return made;
}
