import { createPrivateKey, createPublicKey } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { Buffer } from 'node:buffer';
import { assert, fromHex } from '../common/index.js';

/** A public key and a seed of Ed25519 (RFC 8032), and a signature. */
export const ED25519_KEY_BYTES = 32;
export const ED25519_SIGNATURE_BYTES = 64;

/** The bytes before the raw key in SubjectPublicKeyInfo and in PKCS #8 (RFC 8410). */
const PUBLIC_PREFIX = fromHex('302a300506032b6570032100') ?? new Uint8Array();
const PRIVATE_PREFIX = fromHex('302e020100300506032b657004220420') ?? new Uint8Array();

/** `publicKey`, 32 bytes, for node:crypto. Whether it is a point at all shows when it verifies. */
export function publicKeyObject(publicKey: Uint8Array): KeyObject {
  assert(publicKey.length === ED25519_KEY_BYTES, 'an Ed25519 public key is 32 bytes');
  const key = Buffer.concat([PUBLIC_PREFIX, publicKey]);
  return createPublicKey({ key, format: 'der', type: 'spki' });
}

/** The private key of `seed`, 32 bytes, held by OpenSSL from here on; the caller wipes the seed. */
export function privateKeyObject(seed: Uint8Array): KeyObject {
  assert(seed.length === ED25519_KEY_BYTES, 'an Ed25519 seed is 32 bytes');
  const key = Buffer.concat([PRIVATE_PREFIX, seed]);
  try {
    return createPrivateKey({ key, format: 'der', type: 'pkcs8' });
  } finally {
    key.fill(0);
  }
}

/** The 32 bytes of the public half. */
export function rawPublicKey(privateKey: KeyObject): Uint8Array {
  const spki = createPublicKey(privateKey).export({ format: 'der', type: 'spki' });
  return Uint8Array.from(spki.subarray(spki.length - ED25519_KEY_BYTES));
}
