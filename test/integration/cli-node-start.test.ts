import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
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
