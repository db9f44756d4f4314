import { existsSync, readFileSync, rmSync } from 'node:fs';
import { z } from 'zod';
import { ClusterError, concat, fromHex, toHex } from '../common/index.js';
import type { NodeId } from '../common/index.js';
import { aesGcmOpen, aesGcmSeal, SecretBytes } from '../crypto/index.js';
import {
  removeUnfinished,
  replacePrivateFile,
  syncFolderOf,
  systemRandom,
} from '../machine/index.js';
import { textItem, transcript } from '../wire/index.js';
import { identityFile, readPassphraseHeader, resealedIdentity } from './identity-file.js';
import { keyChangeKeyOf, NODE_KEY_BYTES } from './node-key.js';
import { passphraseHeader } from './passphrase.js';
import type { PassphraseHeader } from './passphrase.js';

/*
 * No process can change the environment that its successor gets. So while a node key that comes from a variable changes, a file
 * beside the identity file holds both keys, each sealed under the other, and the identity file that is to take the place of the
 * one that is there: whichever secret the variable has at a start, the node finds the other. It is there only during the change.
 */
const FORMAT = 1;
const NONCE_BYTES = 12;
const sealed = z.string().regex(/^[0-9a-f]{120}$/);

const schema = z.strictObject({
  format: z.literal(FORMAT),
  node_id: z.string(),
  /** Hex of nonce ‖ ciphertext ‖ tag, AES-256-GCM: the key after the change under the one before it, and the other way round. */
  next: sealed,
  before: sealed,
  /** Of the key before, where that is made of a passphrase. */
  passphrase_before: passphraseHeader.optional(),
  /** Sealed under the key after the change. */
  identity: identityFile,
});
type Change = z.infer<typeof schema>;

/** Both keys of a change that is under way. The caller ends their lives. */
export type ChangedKeys = { readonly before: SecretBytes; readonly next: SecretBytes };

/** The file of a change: there only while a node key that comes from a variable changes. */
export function keyChangePathOf(identityPath: string): string {
  return `${identityPath}.next`;
}

/**
 * Begins a change of the node key, unless one is under way.
 *
 * @param header - Where the next key is made of a passphrase: what the identity file must say of it.
 * @returns Whether it was begun now.
 * @throws ClusterError `data-loss` (`IDENTITY_KEY`) when the identity key does not open under `before`.
 */
export function beginKeyChange(
  identityPath: string,
  node: NodeId,
  { before, next }: ChangedKeys,
  header?: PassphraseHeader,
): boolean {
  const path = keyChangePathOf(identityPath);
  if (existsSync(path)) return false;
  const passphrase = readPassphraseHeader(identityPath);
  const change: Change = {
    format: FORMAT,
    node_id: node,
    next: sealUnder(before, node, 'next', next),
    before: sealUnder(next, node, 'before', before),
    ...(passphrase !== undefined && { passphrase_before: passphrase }),
    identity: resealedIdentity(identityPath, node, before.bytes, next.bytes, header),
  };
  replacePrivateFile(path, `${JSON.stringify(change, undefined, 2)}\n`);
  return true;
}

/**
 * The keys of the change that is under way, where there is one, by either of them, and which one was given. That stays the caller's.
 *
 * @throws ClusterError `data-loss` (`IDENTITY_KEY`) when the file is damaged, or opens under neither key.
 */
export function openKeyChange(
  identityPath: string,
  node: NodeId,
  given: SecretBytes,
): (ChangedKeys & { readonly given: keyof ChangedKeys }) | undefined {
  const path = keyChangePathOf(identityPath);
  if (!existsSync(path)) return undefined;
  using changeKey = new SecretBytes(keyChangeKeyOf(given.bytes));
  const change = read(path);
  const next = open(changeKey.bytes, node, 'next', change.next);
  if (next !== undefined) return { before: copyOf(given), next, given: 'before' };
  const before = open(changeKey.bytes, node, 'before', change.before);
  if (before !== undefined) return { before, next: copyOf(given), given: 'next' };
  throw damaged(path, 'it opens under neither of the keys that it is about');
}

/**
 * The next key of the change that is under way, for a node that runs: by the key that {@link keyChangeKeyOf} makes of the present
 * one. The caller ends its life.
 *
 * @throws ClusterError as {@link openKeyChange} does.
 */
export function openNextKey(
  identityPath: string,
  node: NodeId,
  changeKey: Uint8Array,
): SecretBytes | undefined {
  const path = keyChangePathOf(identityPath);
  if (!existsSync(path)) return undefined;
  const next = open(changeKey, node, 'next', read(path).next);
  if (next === undefined) throw damaged(path, 'it is of another change than of the present key');
  return next;
}

/** The parameters in identity and change files of the passphrases that a node may be given now, the present one first. */
export function passphrasesOf(identityPath: string): readonly PassphraseHeader[] {
  const path = keyChangePathOf(identityPath);
  const change = existsSync(path) ? read(path) : undefined;
  const headers = [
    readPassphraseHeader(identityPath),
    change?.identity.passphrase,
    change?.passphrase_before,
  ];
  const salts = new Set<string>();
  return headers.filter((header): header is PassphraseHeader => {
    if (header === undefined || salts.has(header.salt)) return false;
    salts.add(header.salt);
    return true;
  });
}

/**
 * Ends a change: all is wrapped under the next key. The identity file is replaced in one step, then the file of the change goes;
 * after a crash between the two another call does the rest.
 */
export function finishKeyChange(identityPath: string): void {
  const path = keyChangePathOf(identityPath);
  const { identity } = read(path);
  replacePrivateFile(identityPath, `${JSON.stringify(identity, undefined, 2)}\n`);
  // A file of the change that was never finished has both keys, too.
  for (const each of [identityPath, path]) removeUnfinished(each);
  rmSync(path);
  syncFolderOf(path);
}

function read(path: string): Change {
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    throw damaged(path, 'it cannot be read', cause);
  }
  const format = z.looseObject({ format: z.number() }).safeParse(content);
  if (format.success && format.data.format !== FORMAT)
    throw new ClusterError(
      'unsupported',
      `The change of the node key ${path} is of format ${format.data.format}; this release reads format ${FORMAT}`,
      { reason: 'STORE_FORMAT' },
    );
  const change = schema.safeParse(content);
  if (!change.success) throw damaged(path, 'it is no such file', change.error);
  return change.data;
}

type Which = 'next' | 'before';

function sealUnder(key: SecretBytes, node: NodeId, which: Which, secret: SecretBytes): string {
  using changeKey = new SecretBytes(keyChangeKeyOf(key.bytes));
  const nonce = systemRandom.bytes(NONCE_BYTES);
  const box = aesGcmSeal(changeKey.bytes, nonce, associated(node, which), secret.bytes);
  return toHex(concat(nonce, box));
}

function open(
  changeKey: Uint8Array,
  node: NodeId,
  which: Which,
  text: string,
): SecretBytes | undefined {
  const bytes = fromHex(text) ?? new Uint8Array();
  const [nonce, box] = [bytes.subarray(0, NONCE_BYTES), bytes.subarray(NONCE_BYTES)];
  const key = aesGcmOpen(changeKey, nonce, associated(node, which), box);
  if (key === undefined || key.length !== NODE_KEY_BYTES) return undefined;
  return new SecretBytes(key);
}

function associated(node: NodeId, which: Which): Uint8Array {
  return transcript('node-key-change', [textItem(node), textItem(which)]);
}

function copyOf({ bytes }: SecretBytes): SecretBytes {
  return new SecretBytes(Uint8Array.from(bytes));
}

function damaged(path: string, why: string, cause?: unknown): ClusterError {
  return new ClusterError(
    'data-loss',
    `The change of the node key ${path} does not open: ${why}. Give the node the key before the change, or the one after it`,
    { reason: 'IDENTITY_KEY', ...(cause === undefined ? {} : { cause }) },
  );
}
