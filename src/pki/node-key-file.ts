import { existsSync, renameSync } from 'node:fs';
import { z } from 'zod';
import { ClusterError, toHex, utf8 } from '../common/index.js';
import { equalSecrets, SecretBytes } from '../crypto/index.js';
import { replacePrivateFile, syncFolderOf, systemRandom } from '../machine/index.js';
import { readKeyFile } from './key-files.js';
import { NODE_KEY_BYTES, nodeKeyOf } from './node-key.js';
import { unwrapKey, wrapKey } from './seal-program.js';
import type { SealProgram } from './seal-program.js';

/*
 * A node key in a file is either 64 hex characters, or what a seal program made of it, in JSON of format 1:
 *
 *   {"format":1,"wrapped":"<base64>"}
 */
const FORMAT = 1;
const FIELD = 'node_key.file';
const schema = z.strictObject({ format: z.literal(FORMAT), wrapped: z.base64().min(1) });
const BRACE = 0x7b;

/** How a node key's file is opened and made: by a program, or in the clear where there is none. */
export type KeyFileWay = {
  readonly program: SealProgram | undefined;
  readonly environment: NodeJS.ProcessEnv;
};

/** The file of the key that is to take the place of a file's: there only while the node key changes. */
export function nextKeyPathOf(path: string): string {
  return `${path}.next`;
}

/** Claims that a file has a node key in the clear. @throws the system's error when it cannot be read. */
export function isClearKeyFile(path: string): boolean {
  using text = readKeyFile(path);
  return text.bytes[0] !== BRACE;
}

/**
 * Opens the node key in a file. The caller ends its life.
 *
 * @throws ClusterError `invalid-request` for a file that others may read, or that holds no node key; `wrong-state`
 * (`SEAL_PROGRAM`) when its program does not open it.
 * @throws the system's error when it cannot be read.
 */
export async function openKeyFile(
  path: string,
  { program, environment }: KeyFileWay,
): Promise<SecretBytes> {
  using text = readKeyFile(path);
  return openText(path, text, { program, environment });
}

async function openText(
  path: string,
  text: SecretBytes,
  { program, environment }: KeyFileWay,
): Promise<SecretBytes> {
  if (text.bytes[0] !== BRACE) return nodeKeyOf(text, `The node key ${path}`, FIELD);
  const wrapped = wrappedIn(path, text);
  if (program === undefined)
    throw invalid(`${path} was made by a seal program, and node_key.seal_program names none`);
  const key = await unwrapKey(program, wrapped, environment);
  if (key.bytes.length === NODE_KEY_BYTES) return key;
  key[Symbol.dispose]();
  throw invalid(`${program.path} made no node key of 32 bytes out of ${path}`);
}

/**
 * Makes the key that is to take the place of a file's, beside it; one that is there already stays.
 *
 * @returns Whether it was made now.
 * @throws ClusterError `wrong-state` (`SEAL_PROGRAM`).
 */
export async function makeNextKey(path: string, way: KeyFileWay): Promise<boolean> {
  const next = nextKeyPathOf(path);
  if (existsSync(next)) return false;
  using key = new SecretBytes(systemRandom.bytes(NODE_KEY_BYTES));
  const content = await contentOf(key, way);
  // A program that does not open what it wraps would lose the node all its shares.
  using text = new SecretBytes(utf8(content));
  using again = await openText(next, text, way);
  if (!equalSecrets(again.bytes, key.bytes))
    throw invalid(`${way.program?.path} opens another key than it wrapped`);
  replacePrivateFile(next, `${content}\n`);
  return true;
}

/** Puts the next key in the place of a file's, in one step: nothing is sealed under the old one any more. */
export function adoptNextKey(path: string): void {
  renameSync(nextKeyPathOf(path), path);
  syncFolderOf(path);
}

async function contentOf(key: SecretBytes, { program, environment }: KeyFileWay): Promise<string> {
  // The text can not be wiped: it is a string, and what the file holds anyway.
  if (program === undefined) return toHex(key.bytes);
  const wrapped = await wrapKey(program, key, environment);
  return JSON.stringify({ format: FORMAT, wrapped: Buffer.from(wrapped).toString('base64') });
}

function wrappedIn(path: string, text: SecretBytes): Uint8Array {
  let content: unknown;
  try {
    content = JSON.parse(new TextDecoder().decode(text.bytes));
  } catch {
    throw invalid(`${path} holds no node key`);
  }
  const format = z.looseObject({ format: z.number() }).safeParse(content);
  if (format.success && format.data.format !== FORMAT)
    throw new ClusterError(
      'unsupported',
      `The node key ${path} is of format ${format.data.format}; this release reads format ${FORMAT}`,
      { reason: 'STORE_FORMAT' },
    );
  const file = schema.safeParse(content);
  if (!file.success) throw invalid(`${path} holds no node key`);
  return Uint8Array.from(Buffer.from(file.data.wrapped, 'base64'));
}

function invalid(message: string): ClusterError {
  return new ClusterError('invalid-request', `${FIELD}: ${message}`, {
    reason: 'INVALID_CONFIGURATION',
    field: FIELD,
  });
}
