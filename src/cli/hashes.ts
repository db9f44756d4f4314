import { createHash } from 'node:crypto';
import { keccak_256 } from '@noble/hashes/sha3.js';
import { Hash } from '../client/index.js';
import { sha256 } from '../crypto/index.js';

/** A hash function that `--hash` names. */
export type HashFunction = {
  /** Of an ECDSA key: how a request says it. */
  readonly ecdsa?: Hash;
  /** Whether a FROST key signs its digest as a message. */
  readonly frost: boolean;
  /** Of a message in pieces. */
  readonly start: () => Hashing;
};

type Hashing = {
  readonly update: (piece: Uint8Array) => unknown;
  readonly digest: () => Uint8Array;
};

const HASH_FUNCTIONS = {
  sha256: { ecdsa: Hash.SHA256, frost: true, start: () => createHash('sha256') },
  sha384: { frost: true, start: () => createHash('sha384') },
  sha512: { frost: true, start: () => createHash('sha512') },
  keccak256: { ecdsa: Hash.KECCAK256, frost: false, start: () => keccak_256.create() },
  'double-sha256': { ecdsa: Hash.DOUBLE_SHA256, frost: false, start: startDoubleSha256 },
} as const satisfies Readonly<Record<string, HashFunction>>;

export type HashName = keyof typeof HASH_FUNCTIONS;
export const HASHES: Readonly<Record<HashName, HashFunction>> = HASH_FUNCTIONS;
export const HASH_NAMES: readonly HashName[] = [
  'sha256',
  'sha384',
  'sha512',
  'keccak256',
  'double-sha256',
];

/** The names of the hashes that go with keys of a family. */
export function hashesOf(family: 'ECDSA' | 'FROST'): readonly HashName[] {
  return HASH_NAMES.filter((name) =>
    family === 'FROST' ? HASHES[name].frost : HASHES[name].ecdsa !== undefined,
  );
}

function startDoubleSha256(): Hashing {
  const once = createHash('sha256');
  return { update: (piece) => once.update(piece), digest: () => sha256(once.digest()) };
}
