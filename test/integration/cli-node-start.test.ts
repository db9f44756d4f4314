import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { closeSync, existsSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually, MAIN, quorate } from './cli-process.js';

let folder = '';
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'quorate-start-'));
  await quorate(folder, ['certs', 'init']);
});
afterAll(() => rmSync(folder, { recursive: true }));

const ANY_PORTS = { QUORATE_CLIENT_LISTEN: '127.0.0.1:0', QUORATE_PEER_LISTEN: '127.0.0.1:0' };

test('a node whose standard error is on a full disk runs, and stops without an error', async () => {
  const full = openSync('/dev/full', 'w');
  const argv = [MAIN, 'node', '--config', 'cluster/node-1/node.yaml'];
  const child = spawn(process.execPath, argv, {
    cwd: folder,
    env: { PATH: process.env['PATH'], ...ANY_PORTS },
    stdio: ['ignore', 'ignore', full],
  });
  closeSync(full);
  const ended = once(child, 'close');
  // It has begun its log when it names its directory.
  const claimed = () => existsSync(join(folder, 'cluster', 'node-1', 'data', 'node.json'));
  await Promise.race([eventually(claimed), ended]);
  child.kill('SIGTERM');
  expect(await ended).toEqual([0, null]);
});

test('a node whose log is to tell errors alone tells why it cannot start, and nothing else', async () => {
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const address = taken.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  const argv = ['node', '--config', 'cluster/node-1/node.yaml', '--log-level'];
  const environment = { ...ANY_PORTS, QUORATE_CLIENT_LISTEN: `127.0.0.1:${port}` };

  const errors = await quorate(folder, [...argv, 'error'], environment);
  const all = await quorate(folder, [...argv, 'info'], environment);
  taken.close();

  const reasons = ({ err }: typeof errors): unknown[] =>
    err.split('\n').map((line) => (JSON.parse(line) as { reason?: string }).reason);
  expect(reasons(errors)).toEqual(['ADDRESS_IN_USE']);
  expect(reasons(all)).toEqual([undefined, 'ADDRESS_IN_USE']);
});
