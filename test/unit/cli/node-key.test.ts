import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodeId, toHex } from '../../../src/common/index.js';
import { loadNodeKeys } from '../../../src/node/node-key-change.js';
import { quorate } from './fake-context.js';

const OLD = 'ab'.repeat(32);
const NEXT = 'cd'.repeat(32);
const WORDS = 'six random words are good';

let folder = '';
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'quorate-node-key-'));
  const keys = ['--node-key-env', 'a=KEY', '--node-key-passphrase-env', 'b=WORDS'];
  const made = await quorate(
    ['certs', 'init', '--out', 'made', '--nodes', 'a,b,c', '--unsigned', ...keys],
    { folder, environment: { KEY: OLD, WORDS } },
  );
  if (made.status !== 0) throw new Error(made.err);
});
afterAll(() => rmSync(folder, { recursive: true }));

const inData = (node: string) => join(folder, 'made', node, 'data');

function rotate(node: string, environment: Record<string, string>, ...args: string[]) {
  const config = join(folder, 'made', node, 'node.yaml');
  return quorate(['node-key', 'rotate', '--config', config, ...args], { folder, environment });
}

function keysOf(node: string, kind: 'env' | 'passphrase', secret: string) {
  const nodeKey = { kind, variable: 'SECRET', where: 'test' };
  return loadNodeKeys({ nodeKey, nodeId: nodeId(node), dataDir: inData(node) }, { SECRET: secret });
}

test.each([
  ['no next variable', 'a', { KEY: OLD }, [], '--next-env: name the variable'],
  ['the same variable', 'a', { KEY: OLD }, ['--next-env', 'KEY'], 'variables of their own'],
  ['the same key', 'a', { KEY: OLD, NEXT: OLD }, ['--next-env', 'NEXT'], 'the present node key'],
  ['no next key', 'a', { KEY: OLD }, ['--next-env', 'NEXT'], 'there is no variable of that name'],
  ['a malformed key', 'a', { KEY: OLD, NEXT: 'beef' }, ['--next-env', 'NEXT'], '64 lower-case hex'],
  ['another key', 'a', { KEY: 'ef'.repeat(32), NEXT }, ['--next-env', 'NEXT'], 'does not open'],
  ['a secret in its place', 'a', { KEY: OLD }, ['--next-env', NEXT], 'the name of a variable'],
  ['a short passphrase', 'b', { WORDS, NEXT: 'beef' }, ['--next-env', 'NEXT'], 'at least 16 bytes'],
  ['a file', 'c', { NEXT }, ['--next-env', 'NEXT'], 'the node key is in a file'],
])('a change is not begun with %s', async (_, node, environment, args, words) => {
  const { status, err } = await rotate(node, environment, ...args);
  expect(status).not.toBe(0);
  expect(err).toContain(words);
  expect(err).not.toMatch(/(ab|cd|ef){32}/);
  expect(existsSync(join(inData(node), 'identity.key.next'))).toBe(false);
});

test('a change of a key in a variable is begun once, and either key starts the node then', async () => {
  const environment = { KEY: OLD, NEXT };
  const first = await rotate('a', environment, '--next-env', 'NEXT', '--json');
  expect(environment).toEqual({});
  const file = join(inData('a'), 'identity.key.next');
  const said = { node_id: 'a', file, made: true, changed: false };
  expect([first.status, JSON.parse(first.out)]).toEqual([0, said]);
  for (const secret of [OLD, NEXT]) {
    const { key, next, mayChange } = await keysOf('a', 'env', secret);
    expect([toHex(key.bytes), next && toHex(next.bytes)]).toEqual([OLD, NEXT]);
    // The variable has the old secret at the next start, too, where it has it at this one.
    expect(mayChange).toBe(secret === NEXT);
  }
  const text = readFileSync(file, 'utf8');
  const again = await rotate('a', {}, '--json');
  expect(JSON.parse(again.out)).toEqual({ ...said, made: false });
  expect(readFileSync(file, 'utf8')).toBe(text);
});

test('a change of a passphrase: each fits until it is over, and a third does not', async () => {
  const next = 'six other words are as good';
  const environment = { WORDS, NEXT: next };
  const begun = await rotate('b', environment, '--next-env', 'NEXT');
  expect([begun.status, environment]).toEqual([0, {}]);
  expect(begun.out).toContain('Give the service the new secret');
  const [old, fresh] = [
    await keysOf('b', 'passphrase', WORDS),
    await keysOf('b', 'passphrase', next),
  ];
  expect(toHex(old.key.bytes)).toBe(toHex(fresh.key.bytes));
  expect(old.next && toHex(old.next.bytes)).toBe(fresh.next && toHex(fresh.next.bytes));
  await expect(keysOf('b', 'passphrase', 'these words are of nobody')).rejects.toMatchObject({
    reason: 'WRONG_PASSPHRASE',
  });
});
