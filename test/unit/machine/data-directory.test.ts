import { afterEach, beforeEach, expect, test } from '@jest/globals';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { clusterId, nodeId } from '../../../src/common/index.js';
import { lockDataDirectory, openDataDirectory } from '../../../src/machine/index.js';
import { temporaryDirectory } from '../../support/builders/stores.js';

const OWNER = { clusterId: clusterId('ab'.repeat(16)), nodeId: nodeId('node-1') };

let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
let path: string;

beforeEach(async () => {
  directory = await temporaryDirectory();
  path = join(directory.path, 'node-1');
});
afterEach(() => directory.remove());

/** A start that finds everything in order. */
async function start(): Promise<void> {
  const data = await openDataDirectory(path, OWNER);
  data.claim();
  await data.release();
}

test('the first start makes the data directory, private, with its owner’s name', async () => {
  const data = await openDataDirectory(path, OWNER);
  data.claim();

  expect(data.incarnation).toBe(1);
  expect(data.logPath).toBe(join(path, 'log'));
  expect(data.sharesPath).toBe(join(path, 'shares'));
  expect(statSync(path).mode & 0o777).toBe(0o700);
  expect(JSON.parse(readFileSync(join(path, 'node.json'), 'utf8'))).toEqual({
    format: 1,
    node_id: 'node-1',
    cluster_id: OWNER.clusterId,
    incarnation: 1,
  });
  await data.release();
});

test('a start that ends before its identity key leaves no trace', async () => {
  await (await openDataDirectory(path, OWNER)).release();

  expect(readdirSync(path)).toEqual([]);
});

test('a later start reads the same identity', async () => {
  await start();
  chmodSync(path, 0o755);

  const data = await openDataDirectory(path, OWNER);

  expect(data.incarnation).toBe(1);
  expect(statSync(path).mode & 0o777).toBe(0o700);
  await data.release();
});

test('another node’s or cluster’s directory is refused, and not kept locked', async () => {
  await start();

  for (const owner of [
    { ...OWNER, nodeId: nodeId('node-2') },
    { ...OWNER, clusterId: clusterId('cd'.repeat(16)) },
  ])
    await expect(openDataDirectory(path, owner)).rejects.toMatchObject({
      code: 'wrong-state',
      reason: 'DATA_DIRECTORY_FOREIGN',
    });

  await (await openDataDirectory(path, OWNER)).release();
});

test('a damaged node.json is data loss, and never written anew', async () => {
  mkdirSync(path);
  for (const content of ['', '{', '[]', '{"format":1,"node_id":"node-1","incarnation":1}']) {
    writeFileSync(join(path, 'node.json'), content);
    await expect(openDataDirectory(path, OWNER)).rejects.toMatchObject({ code: 'data-loss' });
    expect(readFileSync(join(path, 'node.json'), 'utf8')).toBe(content);
  }
});

test.each([
  ['an earlier release', {}],
  ['a later release', { format: 2 }],
])('a data directory of %s is refused and left as it is', async (_name, format) => {
  mkdirSync(path);
  const content = JSON.stringify({ ...format, node_id: 'node-1', cluster_id: OWNER.clusterId });
  writeFileSync(join(path, 'node.json'), content);

  await expect(openDataDirectory(path, OWNER)).rejects.toMatchObject({
    code: 'unsupported',
    reason: 'STORE_FORMAT',
  });

  expect(readFileSync(join(path, 'node.json'), 'utf8')).toBe(content);
});

test('a directory in use is refused by name, until it is released', async () => {
  const first = await openDataDirectory(path, OWNER);

  const second = openDataDirectory(path, OWNER);

  await expect(second).rejects.toMatchObject({
    code: 'wrong-state',
    reason: 'DATA_DIRECTORY_IN_USE',
    message: `Another process uses the data directory ${path}`,
  });
  await first.release();
  expect(existsSync(join(path, 'lock.sock'))).toBe(false);
  await (await openDataDirectory(path, OWNER)).release();
});

test('of many processes that lock a directory at once, one succeeds', async () => {
  mkdirSync(path);

  const all = await Promise.allSettled(Array.from({ length: 8 }, () => lockDataDirectory(path)));

  const won = all.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
  expect(won).toHaveLength(1);
  await won[0]?.release();
});

test('the lock of a killed process is stale', async () => {
  mkdirSync(path);
  const socket = join(path, 'lock.sock');
  const child = spawn(
    process.execPath,
    ['-e', `require('net').createServer().listen(${JSON.stringify(socket)}, () => console.log(1))`],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  await once(child.stdout, 'data');
  await expect(lockDataDirectory(path)).rejects.toMatchObject({ reason: 'DATA_DIRECTORY_IN_USE' });

  child.kill('SIGKILL');
  await once(child, 'exit');

  expect(existsSync(socket)).toBe(true);
  await (await lockDataDirectory(path)).release();
});

test('a path too long for a socket is refused in words', async () => {
  const long = join(path, 'x'.repeat(120));

  await expect(openDataDirectory(long, OWNER)).rejects.toMatchObject({
    code: 'invalid-request',
    message: expect.stringContaining('too long'),
  });
});
