import { utf8 } from '../common/index.js';
import {
  decodeBigEndian,
  decodeLittleEndian,
  ed25519Group,
  hashToField,
  p256Group,
  secp256k1Group,
  sha256,
  sha512,
  taggedHash,
  wipe,
  type AffinePoint,
  type Group,
} from '../crypto/index.js';
import type { KeyAlgorithm } from '../identity/index.js';
import { Algorithm } from '../wire/index.js';
import { deriveAtOnce, deriveByStep } from './derivation.js';
import { createSuite, type Suite, type SuiteParts, type Taproot } from './suite.js';

const ED25519 = utf8('FROST-ED25519-SHA512-v1');

function hashEd25519(word: string, message: Uint8Array): Uint8Array {
  return sha512(ED25519, utf8(word), message);
}

function toEd25519Scalar(digest: Uint8Array): bigint {
  const scalar = decodeLittleEndian(digest) % ed25519Group.order;
  // The scalar may be a nonce.
  wipe(digest);
  return scalar;
}

/** FROST(Ed25519, SHA-512), RFC 9591 §6.1. H2 has no prefix: signatures are those of RFC 8032. */
export const ed25519Suite: Suite = createSuite({
  algorithm: Algorithm.FROST_ED25519_SHA512,
  group: ed25519Group,
  H1: (message) => toEd25519Scalar(hashEd25519('rho', message)),
  H2: (message) => toEd25519Scalar(sha512(message)),
  H3: (message) => toEd25519Scalar(hashEd25519('nonce', message)),
  H4: (message) => hashEd25519('msg', message),
  H5: (message) => hashEd25519('com', message),
  derive: (K, chainCode, path) => deriveAtOnce(ed25519Group, K, chainCode, path),
});

/** RFC 9591 §6.4 and §6.5 differ in nothing but their group and context. */
function sha256Parts<P>(algorithm: KeyAlgorithm, group: Group<P>, context: string): SuiteParts<P> {
  const toScalar = (word: string) => {
    const tag = utf8(context + word);
    return (message: Uint8Array) => hashToField(group.order, tag, message);
  };
  const hash = (word: string) => {
    const prefix = utf8(context + word);
    return (message: Uint8Array) => sha256(prefix, message);
  };
  return {
    algorithm,
    group,
    H1: toScalar('rho'),
    H2: toScalar('chal'),
    H3: toScalar('nonce'),
    H4: hash('msg'),
    H5: hash('com'),
  };
}

/** FROST(secp256k1, SHA-256), RFC 9591 §6.5. Not Bitcoin's signatures: those are Taproot's. */
export const secp256k1Suite: Suite = createSuite({
  ...sha256Parts(Algorithm.FROST_SECP256K1_SHA256, secp256k1Group, 'FROST-secp256k1-SHA256-v1'),
  derive: (K, chainCode, path) => deriveByStep(secp256k1Group, K, chainCode, path, 'fail'),
});

const taproot: Taproot<AffinePoint> = {
  x: (point) => secp256k1Group.encode(point).slice(1),
  // SEC 1: 02 before an even y, 03 before an odd one.
  hasOddY: (point) => secp256k1Group.encode(point)[0] === 3,
  // No scripts: the empty root (BIP-86).
  tweak: (x) => secp256k1Group.decodeScalar(taggedHash('TapTweak', x)),
};

/**
 * FROST over secp256k1 whose signatures are BIP-340's, as in the libraries that call it FROST(secp256k1, SHA-256)-TR:
 * the challenge is BIP-340's, all other hashes are RFC 9591's under a context of their own. Keys commit to no script.
 */
export const taprootSuite: Suite = createSuite({
  ...sha256Parts(Algorithm.FROST_SECP256K1_TAPROOT, secp256k1Group, 'FROST-secp256k1-SHA256-TR-v1'),
  H2: (message) => decodeBigEndian(taggedHash('BIP0340/challenge', message)) % secp256k1Group.order,
  taproot,
  derive: (K, chainCode, path) => deriveByStep(secp256k1Group, K, chainCode, path, 'fail'),
});

/** FROST(P-256, SHA-256), RFC 9591 §6.4. */
export const p256Suite: Suite = createSuite({
  ...sha256Parts(Algorithm.FROST_P256_SHA256, p256Group, 'FROST-P256-SHA256-v1'),
  derive: (K, chainCode, path) => deriveByStep(p256Group, K, chainCode, path, 'retry'),
});
