import { concat, utf8 } from '../common/index.js';
import {
  BoundedCache,
  decodeLittleEndian,
  ed25519Group,
  sha512,
  type Group,
} from '../crypto/index.js';
import { Algorithm } from '../wire/index.js';
import type { Binding } from './binding.js';

/** What a suite consists of (RFC 9591 §6): a group, and five hashes that nothing else uses. */
export interface SuiteParts<P> {
  readonly algorithm: Algorithm;
  readonly group: Group<P>;
  /** Binding factors. */
  H1(message: Uint8Array): bigint;
  /** The challenge. */
  H2(message: Uint8Array): bigint;
  /** Nonces. */
  H3(message: Uint8Array): bigint;
  /** The message. */
  H4(message: Uint8Array): Uint8Array;
  /** The list of commitments. */
  H5(message: Uint8Array): Uint8Array;
}

/** A suite, and what it remembers so that nothing public is computed twice. */
export interface Suite<P = unknown> extends SuiteParts<P> {
  /** X_j by V and index. */
  readonly verificationShares: BoundedCache<P>;
  /** By everything that a binding depends on. */
  readonly bindings: BoundedCache<Binding<P>>;
}

const VERIFICATION_SHARES_MAX = 4096;
const BINDINGS_MAX = 512;

export function createSuite<P>(parts: SuiteParts<P>): Suite<P> {
  return {
    algorithm: parts.algorithm,
    group: parts.group,
    H1: (message) => parts.H1(message),
    H2: (message) => parts.H2(message),
    H3: (message) => parts.H3(message),
    H4: (message) => parts.H4(message),
    H5: (message) => parts.H5(message),
    verificationShares: new BoundedCache(VERIFICATION_SHARES_MAX),
    bindings: new BoundedCache(BINDINGS_MAX),
  };
}

const CONTEXT = 'FROST-ED25519-SHA512-v1';

/** SHA-512(context ‖ word ‖ message). */
function hash(word: string, message: Uint8Array): Uint8Array {
  return sha512(concat(utf8(CONTEXT + word), message));
}

function toScalar(digest: Uint8Array): bigint {
  return decodeLittleEndian(digest) % ed25519Group.order;
}

/** FROST(Ed25519, SHA-512), RFC 9591 §6.1. H2 has no prefix: signatures are those of RFC 8032. */
export const ed25519Suite: Suite = createSuite({
  algorithm: Algorithm.FROST_ED25519_SHA512,
  group: ed25519Group,
  H1: (message) => toScalar(hash('rho', message)),
  H2: (message) => toScalar(sha512(message)),
  H3: (message) => toScalar(hash('nonce', message)),
  H4: (message) => hash('msg', message),
  H5: (message) => hash('com', message),
});

const SUITES: readonly Suite[] = [ed25519Suite];

/** The suite of an algorithm, if it is one of FROST's. */
export function suiteOf(algorithm: Algorithm): Suite | undefined {
  return SUITES.find((suite) => suite.algorithm === algorithm);
}
