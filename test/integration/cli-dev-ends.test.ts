import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually, isAlive, MAIN, quorate, QuorateProcess } from './cli-process.js';

jest.setTimeout(120_000);

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'quorate-ends-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

type Ready = {
  readonly pids: Readonly<Record<string, number>>;
  readonly endpoints: string[];
} & Readonly<Record<'client_file' | 'cluster_file', string>>;

/** A port from which on the next ones are free as well: nothing listens in the upper half of what the kernel gives out. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port > 40_000 ? port - 20_000 : port;
}

test('Ctrl-C while the nodes start ends quorate dev at once, and leaves no process', async () => {
  const dev = new QuorateProcess(folder, ['dev', '--data', 'early']);
  await dev.printed('err', /Starting 3 nodes/);
  await eventually(() => existsSync(join(folder, 'early', 'node-1', 'node.log')));
  dev.child.kill('SIGINT');

  const { status, out } = await dev.finished;

  expect(status).toBe(130);
  expect(out).not.toContain('Checked by OpenSSL');
});

test('Ctrl-C while the cluster is made leaves no folder behind', async () => {
  const dev = new QuorateProcess(folder, ['dev', '--data', 'unmade']);
  await dev.printed('err', /Making a cluster/);
  dev.child.kill('SIGINT');

  expect((await dev.finished).status).toBe(130);
  expect(readdirSync(folder).filter((name) => name.startsWith('unmade.new'))).toEqual([]);
});

test('a cluster that npm started ends with npm, even when npm is killed', async () => {
  const scripts = { start: 'exec "$NODE" "$MAIN" dev --json' };
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, scripts }));
  const npm = spawn('npm', ['start', '--silent'], {
    cwd: folder,
    env: { PATH: process.env['PATH'], HOME: folder, NODE: process.execPath, MAIN },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  let out = '';
  npm.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
  await eventually(() => out.includes('\n'));
  const pids = Object.values((JSON.parse(out) as Ready).pids);
  expect(pids.every(isAlive)).toBe(true);

  npm.kill('SIGKILL');

  await eventually(() => !pids.some(isAlive));
});

test('npm start runs the program in place of its shell, so that signals reach it', () => {
  const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as {
    scripts: Record<string, string>;
  };
  expect(scripts['start']).toMatch(/&& exec node dist\/src\/main\.js dev$/);
});

test('dev takes nodes, fixed ports and signed requests, and its folder stays what it is', async () => {
  const port = await freePort();
  const dev = (...flags: string[]) => quorate(folder, ['dev', '--data', 'four', ...flags]);
  const flags = ['--nodes', '4', '--signed', '--port', `${port}`];
  const four = new QuorateProcess(folder, ['dev', '--data', 'four', ...flags, '--json']);
  const ready = JSON.parse(await four.printed('out', /.*\n/)) as Ready;
  const at = ['--json', '--client-file', ready.client_file];
  const status = await quorate(folder, ['cluster', 'status', ...at]);
  const made = await quorate(folder, ['keys', 'generate', 'k', ...at]);
  four.child.kill('SIGTERM');
  await four.finished;

  expect(ready.endpoints).toEqual([0, 1, 2, 3].map((more) => `127.0.0.1:${port + more}`));
  expect(existsSync(ready.cluster_file)).toBe(true);
  expect(JSON.parse(status.out)).toMatchObject({ unsigned_requests: false });
  expect(JSON.parse(made.out)).toMatchObject({ threshold: 3, verdict: 'active' });
  expect((await dev('--nodes', '3')).err).toMatch(/--nodes 3: there are 4 nodes in \S*four/);
  rmSync(join(folder, 'four', 'node-2', 'node.yaml'));
  expect(await dev()).toMatchObject({
    status: 2,
    err: expect.stringMatching(/four is no whole cluster: node-2\/node.yaml is missing/),
  });
});

test('a folder that cannot be made is refused at once', async () => {
  const { status, err } = await quorate(folder, ['dev', '--data', '/proc/quorate/here']);
  expect(err).toMatch(/\/proc\/quorate cannot be made: ENOENT/);
  expect(status).toBe(2);
});
