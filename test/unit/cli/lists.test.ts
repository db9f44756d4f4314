import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeClientFile } from '../../../src/cli/client-file.js';
import type { Role } from '../../../src/identity/index.js';
import { Fixture, keyRecord, taskRecord, tlsFor } from '../rpc/server-fixture.js';
import { quorate } from './fake-context.js';
import type { Ran } from './fake-context.js';

let fixture: Fixture;
let folder: string;
beforeAll(async () => {
  fixture = await Fixture.open();
  folder = mkdtempSync(join(tmpdir(), 'quorate-lists-'));
  for (const role of ['app', 'operator'] as const) await writeClient(role);
});
afterAll(async () => {
  await fixture.close();
  rmSync(folder, { recursive: true });
});
beforeEach(() => {
  fixture.backend.keys.clear();
  fixture.backend.tasks.clear();
});

async function writeClient(role: Role): Promise<void> {
  const tls = await tlsFor(fixture.authorities, role, role);
  const file = (name: string, text: string | Uint8Array): string => {
    const path = join(folder, `${role}-${name}`);
    writeFileSync(path, text, { mode: 0o600 });
    return path;
  };
  writeClientFile(join(folder, `${role}.json`), {
    endpoints: [fixture.address],
    ca: file('ca.pem', tls.ca),
    cert: file('cert.pem', tls.cert),
    key: file('key.pem', tls.key),
    clusterFile: file('cluster.json', fixture.genesis.bytes),
  });
}

const as = (role: 'app' | 'operator', ...argv: string[]): Promise<Ran> =>
  quorate([...argv, '--client-file', `${role}.json`], { folder });

/** The first cells of a table's rows. */
const firstColumn = ({ out }: Ran): string[] =>
  out
    .split('\n')
    .slice(1)
    .map((line) => line.split(' ')[0] ?? '');

const idsOf = (ran: Ran, list: string, id: string): unknown => {
  const shown = JSON.parse(ran.out) as Record<string, Record<string, unknown>[]>;
  return shown[list]?.map((each) => each[id]);
};

test('keys list says how many it leaves out, and how to get them', async () => {
  for (let at = 0; at <= 1_000; at++) {
    const id = `key-${String(at).padStart(4, '0')}`;
    fixture.backend.keys.set(id, keyRecord(id));
  }

  const first = await as('operator', 'keys', 'list');
  expect(firstColumn(first)).toHaveLength(1_000);
  const [, token = ''] = /^1 more: --limit 1001, or --page-token ([\w-]+)$/.exec(first.err) ?? [];
  const rest = await as('operator', 'keys', 'list', '--page-token', token);
  expect([firstColumn(rest), rest.err]).toEqual([['key-1000'], '']);

  const json = await as('operator', 'keys', 'list', '--json', '--limit', '3');
  expect(JSON.parse(json.out)).toMatchObject({ truncated: true, more_count: 998 });
  const all = await as('operator', 'keys', 'list', '--json', '--limit', '2000');
  expect(JSON.parse(all.out)).toMatchObject({
    truncated: false,
    more_count: 0,
    next_page_token: '',
  });
  expect(idsOf(all, 'keys', 'key_id')).toHaveLength(1_001);
});

test('keys list shows owners and labels, and takes filters', async () => {
  const labels = [{ key: 'team', value: 'shop' }];
  fixture.backend.keys.set('pay-1', keyRecord('pay-1', { labels }));
  fixture.backend.keys.set(
    'pay-2',
    keyRecord('pay-2', { labels, owner: 'spiffe://quorate/app/other', algorithm: 2 }),
  );
  fixture.backend.keys.set('test', keyRecord('test'));
  const listed = async (...flags: string[]): Promise<unknown> =>
    firstColumn(await as('operator', 'keys', 'list', ...flags));

  const { out } = await as('operator', 'keys', 'list');
  expect(out).toContain('spiffe://quorate/app/other');
  expect(out).toContain('team=shop');
  expect(await listed('--prefix', 'pay-')).toEqual(['pay-1', 'pay-2']);
  expect(await listed('--owner', 'spiffe://quorate/app/other')).toEqual(['pay-2']);
  expect(await listed('--label', 'team=shop', '--algorithm', 'FROST_SECP256K1_SHA256')).toEqual([
    'pay-2',
  ]);
  const none = await as('operator', 'keys', 'list', '--label', 'team=other');
  expect(none).toMatchObject({
    status: 0,
    out: '',
    err: 'There are no keys that you may see and that fit.',
  });
  const wrong = await as('operator', 'keys', 'list', '--prefix', 'A B');
  expect(wrong).toMatchObject({ status: 2, err: expect.stringContaining('--prefix must match') });
});

test('tasks list shows the newest first, and takes filters', async () => {
  const failed = { $case: 'failed' as const, value: { reason: 'X', evidence: [] } };
  const tasks = [
    taskRecord('b'.repeat(26), { createTimeMs: 1n, outcome: failed }),
    taskRecord('a'.repeat(26), { createTimeMs: 3n, keyId: 'other' }),
    taskRecord('c'.repeat(26), { createTimeMs: 2n, requester: 'spiffe://quorate/app/other' }),
    taskRecord('d'.repeat(26), { createTimeMs: 0n, kind: 'generate-key', outcome: failed }),
  ];
  for (const task of tasks) fixture.backend.tasks.set(task.taskId, task);
  const listed = async (...flags: string[]): Promise<string> =>
    firstColumn(await as('operator', 'tasks', 'list', ...flags))
      .map((id) => id[0])
      .join('');

  expect(await listed()).toBe('acbd');
  expect(await listed('--open')).toBe('ac');
  expect(await listed('--state', 'failed')).toBe('bd');
  expect(await listed('--kind', 'generate-key')).toBe('d');
  expect(await listed('--key-id', 'other')).toBe('a');
  expect(await listed('--requester', 'spiffe://quorate/app/other')).toBe('c');
  const own = await as('app', 'tasks', 'list', '--json', '--limit', '2');
  expect(idsOf(own, 'tasks', 'task_id')).toEqual(['a'.repeat(26), 'b'.repeat(26)]);
  expect(JSON.parse(own.out)).toMatchObject({ truncated: true, more_count: 1 });
  const wrong = await as('operator', 'tasks', 'list', '--state', 'lost');
  expect(wrong).toMatchObject({ status: 2, err: expect.stringContaining('open, done, failed') });
});

test('a page token of another filter is refused with the name of its flag', async () => {
  for (const id of ['a', 'b']) fixture.backend.keys.set(id, keyRecord(id));
  const first = await as('operator', 'keys', 'list', '--json', '--limit', '1');
  const { next_page_token: token } = JSON.parse(first.out) as { next_page_token: string };
  const again = await as('operator', 'keys', 'list', '--prefix', 'b', '--page-token', token);

  expect(again.status).toBe(2);
  expect(again.err).toContain('--page-token is of a list with another filter');
});

test('an app that asks for a key of another reads what it reads of none', async () => {
  fixture.backend.keys.set('theirs', keyRecord('theirs', { owner: 'spiffe://quorate/app/other' }));
  const [hidden, missing] = [
    await as('app', 'keys', 'get', 'theirs'),
    await as('app', 'keys', 'get', 'nothing'),
  ];

  expect(hidden.status).toBe(4);
  expect(hidden.err).toContain('There is no key theirs that spiffe://quorate/app/app may use');
  expect({ ...hidden, err: hidden.err.replaceAll('theirs', 'nothing') }).toEqual(missing);
  expect(firstColumn(await as('app', 'keys', 'list'))).toEqual([]);
});
