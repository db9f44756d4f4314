import { utf8 } from '../common/index.js';
import {
  decodeBigEndian,
  decodeLittleEndian,
  hashToField,
  NOBLE_GROUPS,
  sha256,
  sha512,
  taggedHash,
  wipe,
  type Group,
  type Groups,
} from '../crypto/index.js';
import type { KeyAlgorithm } from '../identity/index.js';
import { Algorithm } from '../wire/index.js';
import { deriveByStep } from '../sharing/index.js';
import { deriveAtOnce } from './derivation.js';
import { createSuite, type Suite, type SuiteParts, type Taproot } from './suite.js';

/** An algorithm that signs with FROST. */
export type FrostAlgorithm = Exclude<KeyAlgorithm, Algorithm.GG20_SECP256K1 | Algorithm.GG20_P256>;

/** A suite for each algorithm of FROST. */
export type Suites = Readonly<Record<FrostAlgorithm, Suite>>;

/** All suites, over the groups of the library that this thread computes with. Each has caches of its own. */
export function frostSuites({ ed25519, secp256k1, p256 }: Groups): Suites {
  return {
    [Algorithm.FROST_ED25519_SHA512]: ed25519Over(ed25519),
    [Algorithm.FROST_SECP256K1_SHA256]: secp256k1Over(secp256k1),
    [Algorithm.FROST_SECP256K1_TAPROOT]: taprootOver(secp256k1),
    [Algorithm.FROST_P256_SHA256]: p256Over(p256),
  };
}

const ED25519 = utf8('FROST-ED25519-SHA512-v1');

function hashEd25519(word: string, message: Uint8Array): Uint8Array {
  return sha512(ED25519, utf8(word), message);
}

/** FROST(Ed25519, SHA-512), RFC 9591 §6.1. H2 has no prefix: signatures are those of RFC 8032. */
function ed25519Over<P>(group: Group<P>): Suite<P> {
  const toScalar = (digest: Uint8Array): bigint => {
    const scalar = decodeLittleEndian(digest) % group.order;
    // The scalar may be a nonce.
    wipe(digest);
    return scalar;
  };
  return createSuite({
    algorithm: Algorithm.FROST_ED25519_SHA512,
    group,
    H1: (message) => toScalar(hashEd25519('rho', message)),
    H2: (message) => toScalar(sha512(message)),
    H3: (message) => toScalar(hashEd25519('nonce', message)),
    H4: (message) => hashEd25519('msg', message),
    H5: (message) => hashEd25519('com', message),
    derive: (K, chainCode, path) => deriveAtOnce(group, K, chainCode, path),
  });
}

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
function secp256k1Over<P>(group: Group<P>): Suite<P> {
  return createSuite({
    ...sha256Parts(Algorithm.FROST_SECP256K1_SHA256, group, 'FROST-secp256k1-SHA256-v1'),
    derive: (K, chainCode, path) => deriveByStep(group, K, chainCode, path, 'fail'),
  });
}

/**
 * FROST over secp256k1 whose signatures are BIP-340's, as in the libraries that call it FROST(secp256k1, SHA-256)-TR:
 * the challenge is BIP-340's, all other hashes are RFC 9591's under a context of their own. Keys commit to no script.
 */
function taprootOver<P>(group: Group<P>): Suite<P> {
  const taproot: Taproot<P> = {
    x: (point) => group.encode(point).slice(1),
    // SEC 1: 02 before an even y, 03 before an odd one.
    hasOddY: (point) => group.encode(point)[0] === 3,
    // No scripts: the empty root (BIP-86).
    tweak: (x) => group.decodeScalar(taggedHash('TapTweak', x)),
  };
  return createSuite({
    ...sha256Parts(Algorithm.FROST_SECP256K1_TAPROOT, group, 'FROST-secp256k1-SHA256-TR-v1'),
    H2: (message) => decodeBigEndian(taggedHash('BIP0340/challenge', message)) % group.order,
    taproot,
    derive: (K, chainCode, path) => deriveByStep(group, K, chainCode, path, 'fail'),
  });
}

/** FROST(P-256, SHA-256), RFC 9591 §6.4. */
function p256Over<P>(group: Group<P>): Suite<P> {
  return createSuite({
    ...sha256Parts(Algorithm.FROST_P256_SHA256, group, 'FROST-P256-SHA256-v1'),
    derive: (K, chainCode, path) => deriveByStep(group, K, chainCode, path, 'retry'),
  });
}

/** The suites over @noble/curves, one by one. */
export const ed25519Suite: Suite = ed25519Over(NOBLE_GROUPS.ed25519);
export const secp256k1Suite: Suite = secp256k1Over(NOBLE_GROUPS.secp256k1);
export const taprootSuite: Suite = taprootOver(NOBLE_GROUPS.secp256k1);
export const p256Suite: Suite = p256Over(NOBLE_GROUPS.p256);
