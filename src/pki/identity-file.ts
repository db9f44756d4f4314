import { sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { z } from 'zod';
import { ClusterError, concat, equal, fromHex, toHex } from '../common/index.js';
import type { NodeId } from '../common/index.js';
import { aesGcmOpen, aesGcmSeal, SecretBytes } from '../crypto/index.js';
import type { Signer } from '../ports/index.js';
import { bytesItem, textItem, transcript } from '../wire/index.js';
import {
  ED25519_KEY_BYTES,
  privateKeyObject,
  rawPublicKey,
  replacePrivateFile,
  systemRandom,
  writePrivateFile,
} from '../machine/index.js';
import { identitySealingKeyOf } from './node-key.js';
import { passphraseHeader } from './passphrase.js';
import type { PassphraseHeader } from './passphrase.js';

/** An identity key that is not in a file yet. */
export interface NewIdentity extends Disposable {
  /** Ed25519, 32 bytes. */
  readonly publicKey: Uint8Array;
  /** Signs before the seed is written. 64 bytes. */
  sign(bytes: Uint8Array): Uint8Array;
  /**
   * Seals the seed into a new file, 0600, and forgets it. Once.
   *
   * @param passphrase - Where the node key is made of one: what the file must say of it.
   */
  write(path: string, node: NodeId, nodeKey: Uint8Array, passphrase?: PassphraseHeader): void;
}

/** 1 had the cluster's id, which a node that makes its own identity does not know yet. */
const FORMAT = 2;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const SEALED_BYTES = NONCE_BYTES + ED25519_KEY_BYTES + TAG_BYTES;

/** The contents of the file. */
export const identityFile = z.strictObject({
  format: z.literal(FORMAT),
  node_id: z.string(),
  public_key: z.string(),
  /** Hex of nonce ‖ ciphertext ‖ tag, AES-256-GCM of the 32-byte seed. */
  sealed: z.string(),
  /** Where the node key is made of a passphrase. */
  passphrase: passphraseHeader.optional(),
});

/** Makes an identity key (trust: who vouches for what). Disposing of it forgets a seed that was never written. */
export function newIdentity(): NewIdentity {
  const seed = new SecretBytes(systemRandom.bytes(ED25519_KEY_BYTES));
  const key = privateKeyObject(seed.bytes);
  const publicKey = rawPublicKey(key);
  let written = false;
  return {
    publicKey,
    sign: (bytes) => Uint8Array.from(sign(undefined, bytes, key)),
    write(path, node, nodeKey, passphrase) {
      if (written) throw new ClusterError('wrong-state', 'The identity key is written');
      const sealed = seal(seed.bytes, node, publicKey, nodeKey);
      writePrivateFile(path, contentOf(node, publicKey, sealed, passphrase));
      written = true;
      seed[Symbol.dispose]();
    },
    [Symbol.dispose]: () => seed[Symbol.dispose](),
  };
}

/**
 * Opens a node's identity key. The private half stays in OpenSSL's memory; nothing gives it out.
 *
 * @throws ClusterError `data-loss` when the file is damaged, was sealed under another node key, or belongs to another node.
 */
export function openIdentity(path: string, node: NodeId, nodeKey: Uint8Array): Signer {
  const { publicKey, sealed, passphrase } = read(path);
  using seed = open(sealed, node, publicKey, nodeKey);
  if (seed === undefined) {
    const under =
      passphrase === undefined ? 'node key' : 'node key (this one was sealed under a passphrase)';
    throw damaged(path, `it is damaged, or of another node or ${under}`);
  }
  const key = privateKeyObject(seed.bytes);
  if (!equal(rawPublicKey(key), publicKey)) throw damaged(path, 'its two halves do not match');
  return signerOf(node, key, publicKey);
}

/**
 * Seals the identity key under the next node key: the file is the old one or the new one, whole, in any crash. One that is
 * sealed under it already stays.
 *
 * @throws ClusterError `data-loss` when it opens under neither.
 */
export function resealIdentity(
  path: string,
  node: NodeId,
  before: Uint8Array,
  next: Uint8Array,
): void {
  const { publicKey, sealed } = read(path);
  using already = open(sealed, node, publicKey, next);
  if (already !== undefined) return;
  using seed = open(sealed, node, publicKey, before);
  if (seed === undefined) throw damaged(path, 'it is damaged, or of another node or node key');
  replacePrivateFile(path, contentOf(node, publicKey, seal(seed.bytes, node, publicKey, next)));
}

/**
 * The contents that an identity file is to have under the next node key.
 *
 * @param passphrase - Where that key is made of one: what the file must say of it.
 * @throws ClusterError `data-loss` when the identity key does not open under `before`.
 */
export function resealedIdentity(
  path: string,
  node: NodeId,
  before: Uint8Array,
  next: Uint8Array,
  passphrase?: PassphraseHeader,
): z.infer<typeof identityFile> {
  const { publicKey, sealed } = read(path);
  using seed = open(sealed, node, publicKey, before);
  if (seed === undefined) throw damaged(path, 'it is damaged, or of another node or node key');
  return fileOf(node, publicKey, seal(seed.bytes, node, publicKey, next), passphrase);
}

/**
 * The parameters in an identity file of the passphrase that the node key is made of; nothing where it is made of none.
 *
 * @throws ClusterError `data-loss` when the file is damaged, `invalid-request` when it is missing.
 */
export function readPassphraseHeader(path: string): PassphraseHeader | undefined {
  return read(path).passphrase;
}

/**
 * Refuses a data directory without an identity file, which no start makes.
 *
 * @throws ClusterError `invalid-request` (`IDENTITY_KEY`).
 */
export function requireIdentityFile(path: string): void {
  if (existsSync(path)) return;
  throw new ClusterError(
    'invalid-request',
    `There is no identity key ${path}: there is no such file. Is data_dir right? The command that makes a node makes its ` +
      'identity key, and no start does. A node whose data directory is lost must not vote again under its old name',
    { reason: 'IDENTITY_KEY', field: 'data_dir' },
  );
}

function signerOf(node: NodeId, key: KeyObject, publicKey: Uint8Array): Signer {
  return { node, publicKey, sign: (bytes) => Uint8Array.from(sign(undefined, bytes, key)) };
}

function read(path: string): {
  readonly publicKey: Uint8Array;
  readonly sealed: Uint8Array;
  readonly passphrase: PassphraseHeader | undefined;
} {
  requireIdentityFile(path);
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    throw damaged(path, 'it cannot be read', cause);
  }
  const format = z.looseObject({ format: z.number() }).safeParse(content);
  if (format.success && format.data.format !== FORMAT) {
    throw new ClusterError(
      'unsupported',
      `The identity key ${path} is of format ${format.data.format}; this release reads format ${FORMAT}`,
      { reason: 'STORE_FORMAT' },
    );
  }
  const file = identityFile.safeParse(content);
  if (!file.success) throw damaged(path, 'it is no identity file', file.error);
  const publicKey = fromHex(file.data.public_key);
  const sealed = fromHex(file.data.sealed);
  if (publicKey === undefined || sealed === undefined)
    throw damaged(path, 'it is no identity file');
  return { publicKey, sealed, passphrase: file.data.passphrase };
}

function contentOf(
  node: NodeId,
  publicKey: Uint8Array,
  sealed: Uint8Array,
  passphrase?: PassphraseHeader,
): string {
  return `${JSON.stringify(fileOf(node, publicKey, sealed, passphrase), undefined, 2)}\n`;
}

function fileOf(
  node: NodeId,
  publicKey: Uint8Array,
  sealed: Uint8Array,
  passphrase?: PassphraseHeader,
): z.infer<typeof identityFile> {
  return {
    format: FORMAT,
    node_id: node,
    public_key: toHex(publicKey),
    sealed: toHex(sealed),
    ...(passphrase !== undefined && { passphrase }),
  };
}

function seal(
  seed: Uint8Array,
  node: NodeId,
  publicKey: Uint8Array,
  nodeKey: Uint8Array,
): Uint8Array {
  const nonce = systemRandom.bytes(NONCE_BYTES);
  using key = new SecretBytes(identitySealingKeyOf(nodeKey));
  return concat(nonce, aesGcmSeal(key.bytes, nonce, associated(node, publicKey), seed));
}

function open(
  sealed: Uint8Array,
  node: NodeId,
  publicKey: Uint8Array,
  nodeKey: Uint8Array,
): SecretBytes | undefined {
  if (sealed.length !== SEALED_BYTES) return undefined;
  using key = new SecretBytes(identitySealingKeyOf(nodeKey));
  const [nonce, rest] = [sealed.subarray(0, NONCE_BYTES), sealed.subarray(NONCE_BYTES)];
  const seed = aesGcmOpen(key.bytes, nonce, associated(node, publicKey), rest);
  return seed && new SecretBytes(seed);
}

function associated(node: NodeId, publicKey: Uint8Array): Uint8Array {
  return transcript('identity', [textItem(node), bytesItem(publicKey)]);
}

function damaged(path: string, why: string, cause?: unknown): ClusterError {
  return new ClusterError('data-loss', `The identity key ${path} does not open: ${why}`, {
    reason: 'IDENTITY_KEY',
    ...(cause === undefined ? {} : { cause }),
  });
}
