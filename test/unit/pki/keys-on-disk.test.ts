import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { nodeId, toHex, utf8 } from '../../../src/common/index.js';
import { nodeVerify } from '../../../src/machine/index.js';
import {
  createNodeKey,
  loadNodeKey,
  newIdentity,
  openIdentity,
  wrappingKeyOf,
} from '../../../src/pki/index.js';
import { temporaryDirectory } from '../../support/builders/stores.js';

const OWNER = nodeId('node-1');
const NODE_KEY = new Uint8Array(32).fill(7);

/** `text` with another hex digit at one place. */
function changed(text: string, at: number): string {
  return text.slice(0, at) + (text[at] === '0' ? '1' : '0') + text.slice(at + 1);
}

/** Hex of the node key in a file. */
async function keyIn(file: string): Promise<string> {
  using key = await loadNodeKey({ kind: 'file', path: file, where: 'test' }, OWNER, {}, '');
  return toHex(key.bytes);
}

let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
let path: string;

beforeEach(async () => {
  directory = await temporaryDirectory();
  path = join(directory.path, 'file.key');
});
afterEach(() => directory.remove());

test('a node key is 32 random bytes in a file that only its owner reads', async () => {
  createNodeKey(path);
  const other = join(directory.path, 'other.key');
  createNodeKey(other);

  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(await keyIn(path)).toMatch(/^[0-9a-f]{64}$/);
  expect(await keyIn(path)).toBe(readFileSync(path, 'utf8').trim());
  expect(await keyIn(path)).not.toBe(await keyIn(other));
});

test('a key file is never overwritten', async () => {
  createNodeKey(path);
  const first = await keyIn(path);

  expect(() => createNodeKey(path)).toThrow('EEXIST');
  expect(() => newIdentity().write(path, OWNER, NODE_KEY)).toThrow('EEXIST');
  expect(await keyIn(path)).toBe(first);
});

test('a node key file with other contents is refused without being shown', async () => {
  writeFileSync(path, `${'ab'.repeat(31)}XY`, { mode: 0o600 });

  await expect(keyIn(path)).rejects.toThrow('must hold 64 lower-case hex characters');
  await expect(keyIn(path)).rejects.not.toThrow(/abab/);
});

test('the wrapping key is not the node key', () => {
  expect(toHex(wrappingKeyOf(NODE_KEY))).not.toBe(toHex(NODE_KEY));
  expect(toHex(wrappingKeyOf(NODE_KEY))).toBe(toHex(wrappingKeyOf(NODE_KEY)));
});

test('an identity key that was written opens, and signs for its public key', () => {
  const identity = newIdentity();
  identity.write(path, OWNER, NODE_KEY);

  const signer = openIdentity(path, OWNER, NODE_KEY);

  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(signer.node).toBe('node-1');
  expect(signer.publicKey).toEqual(identity.publicKey);
  const signature = signer.sign(utf8('fact'));
  expect(signature).toHaveLength(64);
  expect(nodeVerify.identity(identity.publicKey, utf8('fact'), signature)).toBe(true);
});

test('an identity key is written once', () => {
  const identity = newIdentity();
  identity.write(path, OWNER, NODE_KEY);

  expect(() => identity.write(`${path}.2`, OWNER, NODE_KEY)).toThrow('is written');
});

test('an identity key opens for no other node and under no other node key', () => {
  newIdentity().write(path, OWNER, NODE_KEY);

  for (const [owner, key] of [
    [nodeId('node-2'), NODE_KEY],
    [OWNER, new Uint8Array(32).fill(8)],
  ] as const)
    expect(() => openIdentity(path, owner, key)).toThrow(
      expect.objectContaining({ code: 'data-loss', reason: 'IDENTITY_KEY' }),
    );
});

test('an identity file of another format is refused as one', () => {
  newIdentity().write(path, OWNER, NODE_KEY);
  const file = JSON.parse(readFileSync(path, 'utf8')) as Record<string, string>;
  for (const format of [1, 3]) {
    writeFileSync(path, JSON.stringify({ ...file, format }));
    expect(() => openIdentity(path, OWNER, NODE_KEY)).toThrow(
      expect.objectContaining({ code: 'unsupported', reason: 'STORE_FORMAT' }),
    );
  }
});

test('an identity file with one character changed does not open', () => {
  newIdentity().write(path, OWNER, NODE_KEY);
  const good = readFileSync(path, 'utf8');
  const file = JSON.parse(good) as Record<string, string>;

  for (const broken of [
    ...[0, 24, 100].map((at) => ({ ...file, sealed: changed(file['sealed'] ?? '', at) })),
    { ...file, public_key: changed(file['public_key'] ?? '', 5) },
    { ...file, sealed: '' },
    { ...file, more: 1 },
  ]) {
    writeFileSync(path, JSON.stringify(broken));
    expect(() => openIdentity(path, OWNER, NODE_KEY)).toThrow('does not open');
  }
  writeFileSync(path, good.slice(0, -5));
  expect(() => openIdentity(path, OWNER, NODE_KEY)).toThrow('does not open');
});
