import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDevCluster, nodesOf } from '../../src/cli/dev/create.js';
import { LocalCluster } from '../../src/cli/dev/local-cluster.js';
import { openClient } from '../../src/cli/open-client.js';

const folder = mkdtempSync(join(tmpdir(), 'quorate-watched-'));
let cluster: LocalCluster;

beforeAll(async () => {
  await createDevCluster(join(folder, 'cluster'));
  const settings = { QUORATE_WORKERS: '2' };
  const place = join(folder, 'cluster');
  cluster = await LocalCluster.start(place, nodesOf(place), { settings });
});

afterAll(async () => {
  await cluster?.stop();
  rmSync(folder, { recursive: true, force: true });
});

test('node processes make keys and sign in worker threads, and report their CPU time, frames and writes', async () => {
  const client = openClient(cluster.connection);
  await client.generateKey({ keyId: 'treasury' }, { timeoutMs: 60_000 });
  await cluster.watch();
  const message = new Uint8Array(32);
  const { publicKey } = await client.sign({ keyId: 'treasury', message }, { timeoutMs: 60_000 });
  expect(publicKey).toHaveLength(32);
  const watched = await cluster.watch();
  client.close();

  expect(watched).toHaveLength(3);
  for (const { cpuMs, heapBytes, delayP50Ms, delayP99Ms, delayMaxMs } of watched) {
    expect(cpuMs).toBeGreaterThan(0);
    expect(heapBytes).toBeGreaterThan(2 ** 20);
    expect(delayP50Ms).toBeLessThanOrEqual(delayP99Ms);
    expect(delayP99Ms).toBeLessThanOrEqual(delayMaxMs);
  }
  for (const { messages, frames, bytes, writes } of watched) {
    expect(frames).toBeGreaterThan(0);
    expect(messages).toBeGreaterThanOrEqual(frames);
    expect(bytes).toBeGreaterThan(frames);
    // The entry of the request, at least.
    expect(writes).toBeGreaterThan(0);
    expect(writes).toBeLessThan(100);
  }
});
