import { verify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { Bug, fromHex, toHex, utf8 } from '../common/index.js';
import type { Verify } from '../ports/index.js';
import { ED25519_KEY_BYTES, ED25519_SIGNATURE_BYTES, publicKeyObject } from './ed25519.js';

/** Key objects that are kept: making one costs more than half a verification. */
const KEYS_MAX = 1_024;
const keys = new Map<string, KeyObject>();

/** OpenSSL's opinion, through node:crypto. It shares no code with what signs. */
export const nodeVerify: Verify = {
  identity: verifyEd25519,
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
 * Checks a known signature and three that are almost it. Called once at start, so that a broken OpenSSL stops the node
 * and not the cluster.
 *
 * @throws Bug when an answer is wrong.
 */
export function selfTest(check: Verify = nodeVerify): void {
  const { publicKey, message, signature } = KNOWN;
  const opinions: readonly Opinion[] = [
    (key, bytes, signed) => check.identity(key, bytes, signed),
    (key, bytes, signed) => check.final('FROST_ED25519_SHA512', key, bytes, signed),
  ];
  for (const opinion of opinions) {
    const right =
      opinion(publicKey, message, signature) &&
      !opinion(publicKey, message, withWrongBit(signature, 63)) &&
      !opinion(publicKey, withWrongBit(message, 0), signature) &&
      !opinion(withWrongBit(publicKey, 0), message, signature);
    if (!right) throw new Bug('Ed25519 verification gives a wrong answer to a known test');
  }
}

type Opinion = (publicKey: Uint8Array, bytes: Uint8Array, signature: Uint8Array) => boolean;

function withWrongBit(bytes: Uint8Array, at: number): Uint8Array {
  return bytes.map((byte, i) => (i === at ? byte ^ 1 : byte));
}

function verifyEd25519(publicKey: Uint8Array, bytes: Uint8Array, signature: Uint8Array): boolean {
  if (publicKey.length !== ED25519_KEY_BYTES) return false;
  if (signature.length !== ED25519_SIGNATURE_BYTES) return false;
  try {
    return verify(undefined, bytes, keyObject(publicKey), signature);
  } catch {
    return false;
  }
}

function keyObject(publicKey: Uint8Array): KeyObject {
  const name = toHex(publicKey);
  const known = keys.get(name);
  if (known !== undefined) return known;

  // The oldest goes: identity keys are few, and public keys of many keys may come and go.
  if (keys.size >= KEYS_MAX) for (const oldest of [...keys.keys()].slice(0, 1)) keys.delete(oldest);
  const made = publicKeyObject(publicKey);
  keys.set(name, made);
  return made;
}

/** RFC 8032 §7.1, TEST 2. */
const KNOWN = {
  publicKey: hex('3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c'),
  message: utf8('r'),
  signature: hex(
    '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da' +
      '085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
  ),
};

function hex(text: string): Uint8Array {
  return fromHex(text) ?? new Uint8Array();
}
