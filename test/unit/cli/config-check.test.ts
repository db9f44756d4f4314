import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { boundOf, SETTINGS } from '../../../src/node/index.js';
import { quorate } from './fake-context.js';

const WHAT = ['cluster_file', 'tls', 'node_key', 'peers'];

let folder = '';
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'quorate-config-check-'));
  const made = await quorate(['certs', 'init', '--out', 'made', '--nodes', 'a,b,c'], { folder });
  if (made.status !== 0) throw new Error(made.err);
});
afterAll(() => rmSync(folder, { recursive: true }));

const fileOf = (node: string, name: string) => join(folder, 'made', node, name);

function check(node: string, ...more: string[]) {
  return quorate(['config', 'check', '--config', fileOf(node, 'node.yaml'), ...more], { folder });
}

async function statesOf(node: string) {
  const { status, out } = await check(node, '--json');
  const { ok, checks } = JSON.parse(out) as {
    ok: boolean;
    checks: { what: string; state: string; words: string }[];
  };
  expect(checks.map(({ what }) => what)).toEqual(WHAT);
  return { status, ok, states: checks.map(({ state }) => state), checks };
}

/** With one file changed, which is as it was before afterwards. */
async function withFile<T>(path: string, content: string, act: () => Promise<T>): Promise<T> {
  const before = readFileSync(path);
  writeFileSync(path, content);
  try {
    return await act();
  } finally {
    writeFileSync(path, before);
  }
}

test('a configuration that a node starts with is right in every part, and its node may run', async () => {
  const { status, ok, states } = await statesOf('a');
  expect([status, ok, states]).toEqual([0, true, ['right', 'right', 'right', 'right']]);
  const { out } = await check('a');
  expect(out).toMatch(/^right {2}cluster_file {2}\S+cluster\.json: cluster [0-9a-f]+, 3 members$/m);
  expect(out).toMatch(/^right {2}tls {11}\S+cert\.pem: a, until \d{4}-/m);
});

test('another node’s certificate and key are told apart from the rest', async () => {
  const cert = readFileSync(fileOf('b', 'cert.pem'), 'utf8');
  const key = readFileSync(fileOf('b', 'key.pem'), 'utf8');
  const { status, ok, states } = await withFile(fileOf('a', 'cert.pem'), cert, () =>
    withFile(fileOf('a', 'key.pem'), key, () => statesOf('a')),
  );
  expect([ok, states]).toEqual([false, ['right', 'wrong', 'right', 'right']]);
  expect(status).not.toBe(0);
});

test('a node key that opens no identity, and one that others may read, are wrong and never shown', async () => {
  const other = 'ab'.repeat(32);
  const path = fileOf('a', 'node.key');
  const { states, checks } = await withFile(path, `${other}\n`, () => statesOf('a'));
  expect(states).toEqual(['right', 'right', 'wrong', 'right']);
  expect(JSON.stringify(checks)).not.toContain(other);
  chmodSync(path, 0o644);
  expect((await statesOf('a')).states).toEqual(['right', 'right', 'wrong', 'right']);
  chmodSync(path, 0o600);
});

test('nothing is held against a genesis that cannot be read', async () => {
  const { status, states } = await withFile(fileOf('a', 'cluster.json'), '{', () => statesOf('a'));
  expect(states).toEqual(['wrong', 'not looked at', 'not looked at', 'not looked at']);
  expect(status).toBe(2);
});

test('a peer without an address is a warning, and a wrong setting is named', async () => {
  const path = fileOf('a', 'node.yaml');
  const yaml = readFileSync(path, 'utf8');
  const { status, ok, states, checks } = await withFile(
    path,
    yaml.replace(/^ {2}c: .*$/m, ''),
    () => statesOf('a'),
  );
  expect([status, ok, states]).toEqual([0, true, ['right', 'right', 'right', 'warning']]);
  expect(checks[3]?.words).toBe('no address of c');
  const wrong = await withFile(path, `${yaml}\ngrace_period: 601\n`, () => check('a'));
  expect(wrong.status).toBe(2);
  expect(wrong.err).toContain('grace_period');
});

test('the bounds of settings are those of their schema', () => {
  const bounds = SETTINGS.flatMap(({ path }) => {
    const bound = boundOf(path);
    return bound === undefined ? [] : [[path, bound]];
  });
  expect(Object.fromEntries(bounds)).toMatchObject({
    grace_period: '1 to 600',
    'store.kind': 'embedded, mongodb',
    log_level: 'debug, info, warn, error',
    presignatures: '0 to 64',
    checkpoint_mib: '1 to 1024',
  });
});
