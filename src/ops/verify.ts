import { verify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { Bug, fromHex, toHex, utf8 } from '../common/index.js';
import type { Verify } from '../ports/index.js';
import { P256_KEY_BYTES, P256_SIGNATURE_BYTES, p256KeyObject } from './p256.js';
import { ED25519_KEY_BYTES, ED25519_SIGNATURE_BYTES, publicKeyObject } from './ed25519.js';

/** Key objects that are kept: making one costs more than half a verification. */
const KEYS_MAX = 1_024;
const keys = new Map<string, KeyObject>();

/** OpenSSL's opinion, through node:crypto. It shares no code with what signs. */
export const nodeVerify: Verify = {
  identity: verifyEd25519,
  certified(key, bytes, signature) {
    switch (key.kind) {
      case 'ed25519':
        return verifyEd25519(key.bytes, bytes, signature);
      case 'p256':
        return verifyP256(key.bytes, bytes, signature);
    }
  },
  final(algorithm, publicKey, message, signature) {
    switch (algorithm) {
      case 'FROST_ED25519_SHA512':
        return verifyEd25519(publicKey, message, signature);
      default:
        return false;
    }
  },
};

/**
 * Checks known signatures, and for each three that are almost it. Called once at start, so that a broken OpenSSL stops the
 * node and not the cluster.
 *
 * @throws Bug when an answer is wrong.
 */
export function selfTest(check: Verify = nodeVerify): void {
  const opinions: readonly (readonly [string, Known, Opinion])[] = [
    ['Ed25519', ED25519, (...asked) => check.identity(...asked)],
    ['Ed25519', ED25519, (...asked) => check.final('FROST_ED25519_SHA512', ...asked)],
    [
      'Ed25519',
      ED25519,
      (bytes, ...asked) => check.certified({ kind: 'ed25519', bytes }, ...asked),
    ],
    ['P-256', P256, (bytes, ...asked) => check.certified({ kind: 'p256', bytes }, ...asked)],
  ];
  for (const [name, { publicKey, message, signature }, opinion] of opinions) {
    const right =
      opinion(publicKey, message, signature) &&
      !opinion(publicKey, message, withWrongBit(signature, 63)) &&
      !opinion(publicKey, withWrongBit(message, 0), signature) &&
      !opinion(withWrongBit(publicKey, 1), message, signature);
    if (!right) throw new Bug(`${name} verification gives a wrong answer to a known test`);
  }
}

type Opinion = (publicKey: Uint8Array, bytes: Uint8Array, signature: Uint8Array) => boolean;
type Known = Readonly<Record<'publicKey' | 'message' | 'signature', Uint8Array>>;

function withWrongBit(bytes: Uint8Array, at: number): Uint8Array {
  return bytes.map((byte, i) => (i === at ? byte ^ 1 : byte));
}

function verifyEd25519(publicKey: Uint8Array, bytes: Uint8Array, signature: Uint8Array): boolean {
  if (publicKey.length !== ED25519_KEY_BYTES) return false;
  if (signature.length !== ED25519_SIGNATURE_BYTES) return false;
  try {
    return verify(undefined, bytes, keyObject(publicKey, publicKeyObject), signature);
  } catch {
    return false;
  }
}

/** FIPS 186-5 §6.4.2: s may be low or high. */
function verifyP256(point: Uint8Array, bytes: Uint8Array, signature: Uint8Array): boolean {
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

/** RFC 8032 §7.1, TEST 2. */
const ED25519: Known = {
  publicKey: hex('3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c'),
  message: utf8('r'),
  signature: hex(
    '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da' +
      '085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
  ),
};

/** RFC 6979 §A.2.5, SHA-256, message "sample". Its s is a high one. */
const P256: Known = {
  publicKey: hex(
    '0460fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6' +
      '7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299',
  ),
  message: utf8('sample'),
  signature: hex(
    'efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716' +
      'f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8',
  ),
};

function hex(text: string): Uint8Array {
  return fromHex(text) ?? new Uint8Array();
}
