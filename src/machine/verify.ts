import { verify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { Bug, toHex } from '../common/index.js';
import type { Verify } from '../ports/index.js';
import { P256_KEY_BYTES, P256_SIGNATURE_BYTES, p256KeyObject } from './p256.js';
import { ED25519_KEY_BYTES, ED25519_SIGNATURE_BYTES, publicKeyObject } from './ed25519.js';
import { ED25519, FINAL, P256 } from './known-signatures.js';
import type { Known } from './known-signatures.js';
import { verifyBip340, verifySchnorrP256, verifySchnorrSecp256k1 } from './schnorr.js';

/** Key objects that are kept: making one costs more than half a verification. */
const KEYS_MAX = 1_024;
const keys = new Map<string, KeyObject>();

/** One verifier for each algorithm, none of which shares code with what signs. */
const VERIFIERS: ReadonlyMap<string, Opinion> = new Map<string, Opinion>([
  ['FROST_ED25519_SHA512', verifyEd25519],
  ['FROST_SECP256K1_SHA256', verifySchnorrSecp256k1],
  ['FROST_SECP256K1_TAPROOT', verifyBip340],
  ['FROST_P256_SHA256', verifySchnorrP256],
]);

/** OpenSSL's opinion, through node:crypto; of Schnorr signatures that OpenSSL does not know, @noble/curves'. */
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
  final: (algorithm, publicKey, message, signature) =>
    VERIFIERS.get(algorithm)?.(publicKey, message, signature) ?? false,
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
    [
      'Ed25519',
      ED25519,
      (bytes, ...asked) => check.certified({ kind: 'ed25519', bytes }, ...asked),
    ],
    ['P-256', P256, (bytes, ...asked) => check.certified({ kind: 'p256', bytes }, ...asked)],
    ...FINAL.map(
      ([name, known]) => [name, known, (...asked: Asked) => check.final(name, ...asked)] as const,
    ),
  ];
  for (const [name, { publicKey, message, signature }, opinion] of opinions) {
    const right =
      opinion(publicKey, message, signature) &&
      !opinion(publicKey, message, withWrongBit(signature, signature.length - 1)) &&
      !opinion(publicKey, withWrongBit(message, 0), signature) &&
      !opinion(withWrongBit(publicKey, 1), message, signature);
    if (!right) throw new Bug(`${name} verification gives a wrong answer to a known test`);
  }
}

type Asked = readonly [publicKey: Uint8Array, bytes: Uint8Array, signature: Uint8Array];
type Opinion = (...asked: Asked) => boolean;

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
