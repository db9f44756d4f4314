import { Buffer } from 'node:buffer';
import { createPublicKey } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { assert, fromHex } from '../common/index.js';

/** A point of P-256, not compressed (SEC 1 §2.3.3), and a signature as r ‖ s. */
export const P256_KEY_BYTES = 65;
export const P256_SIGNATURE_BYTES = 64;

/** The bytes before the point in SubjectPublicKeyInfo (RFC 5480 §2). */
const PREFIX = fromHex('3059301306072a8648ce3d020106082a8648ce3d030107034200') ?? new Uint8Array();

/** `point`, 65 bytes, for node:crypto. @throws when it is not on the curve. */
export function p256KeyObject(point: Uint8Array): KeyObject {
  assert(point.length === P256_KEY_BYTES, 'a point of P-256 is 65 bytes');
  return createPublicKey({ key: Buffer.concat([PREFIX, point]), format: 'der', type: 'spki' });
}
