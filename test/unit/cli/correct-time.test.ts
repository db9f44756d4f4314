import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { METHODS } from '../../../src/state/index.js';
import {
  CorrectTimeRequest,
  CorrectTimeResponse,
  encode,
  GetClusterResponse,
} from '../../../src/wire/index.js';
import { ScriptedNode } from '../../support/adversary/scripted-node.js';
import { authorities, genesisFor, tlsFor } from '../rpc/server-fixture.js';
import type { Authorities } from '../rpc/server-fixture.js';
import { quorate } from './fake-context.js';
import type { Ran } from './fake-context.js';

const DAY = 86_400_000;
const folder = mkdtempSync(join(tmpdir(), 'quorate-'));

let both: Authorities;
beforeAll(async () => {
  both = await authorities();
  const { ca, cert, key } = await tlsFor(both, 'operator', 'operator');
  for (const [name, text] of Object.entries({ ca, cert, key })) {
    writeFileSync(join(folder, `${name}.pem`), text, { mode: 0o600 });
  }
  writeFileSync(join(folder, 'cluster.json'), genesisFor(both).bytes);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const nodes: ScriptedNode[] = [];
afterEach(async () => {
  for (const node of nodes.splice(0)) await node[Symbol.asyncDispose]();
});

const timestamp = (ms: number) => ({ seconds: BigInt(Math.floor(ms / 1000)), nanos: 0 });

const corrected = async (): Promise<Uint8Array> => encode(CorrectTimeResponse, { taskId: 't' });

/** Three nodes, whose clocks are so far ahead, of a cluster whose time is wrong and was corrected twice. */
async function open(aheadMs: readonly number[], clusterMs: number): Promise<readonly string[]> {
  for (const [at, ahead] of aheadMs.entries()) {
    const answer = async (): Promise<Uint8Array> =>
      encode(
        GetClusterResponse,
        GetClusterResponse.fromPartial({
          cluster: {
            nodeId: `node-${at + 1}`,
            leaderId: 'node-1',
            // Only the leader has seen the latest.
            timeCorrections: at === 0 ? 2 : 1,
            clusterTime: timestamp(clusterMs),
            nodeTime: timestamp(Date.now() + ahead),
            quorum: { present: true, heard: 3, needed: 2, voters: 3 },
          },
        }),
      );
    const script = {
      '/quorate.v1.ClusterService/GetCluster': answer,
      [METHODS.correctTime]: corrected,
    };
    nodes.push(await ScriptedNode.open(await tlsFor(both, 'tee', `node-${at + 1}`), script));
  }
  return nodes.flatMap(({ address }) => ['--endpoint', address]);
}

function run(endpoints: readonly string[], ...flags: string[]): Promise<Ran> {
  const files = ['ca', 'cert', 'key'].flatMap((name) => [`--${name}`, join(folder, `${name}.pem`)]);
  const genesis = ['--cluster-file', join(folder, 'cluster.json')];
  return quorate(['cluster', 'correct-time', ...endpoints, ...files, ...genesis, ...flags]);
}

/** The orders that the nodes got, and when each expires. */
const orders = (): readonly { readonly order: CorrectTimeRequest; readonly expiryMs: number }[] =>
  nodes
    .flatMap(({ received }) => received)
    .filter(({ method }) => method === METHODS.correctTime)
    .map(({ request, metadata }) => ({
      order: CorrectTimeRequest.decode(request),
      expiryMs: Number(metadata.get('quorate-expiry')[0]),
    }));

test('cluster correct-time orders the time of this machine, bound to what the leader has shown', async () => {
  const clusterMs = Math.floor((Date.now() + 3 * DAY) / 1000) * 1000;
  const endpoints = await open([0, -1000, 9 * DAY], clusterMs);
  const before = Date.now();

  const { status, out } = await run(endpoints, '--yes', '--json', '--request-id', 'back');

  expect(status).toBe(0);
  const [{ order, expiryMs } = { order: CorrectTimeRequest.fromPartial({}), expiryMs: 0 }] =
    orders();
  expect(order).toMatchObject({
    requestId: 'back',
    number: 3,
    seenTimeMs: BigInt(clusterMs),
    allowRepeats: false,
  });
  const timeMs = Number(order.timeMs);
  expect(timeMs).toBeGreaterThanOrEqual(before);
  expect(timeMs).toBeLessThanOrEqual(Date.now());
  expect(expiryMs - timeMs).toBeGreaterThan(0);
  expect(expiryMs - timeMs).toBeLessThan(600_000);
  expect(JSON.parse(out)).toEqual({
    task_id: 't',
    time: new Date(timeMs).toISOString(),
    back_ms: clusterMs - timeMs,
  });
});

test('cluster correct-time orders a named time that the clocks show, and expires by it', async () => {
  const endpoints = await open([-DAY, -DAY, 0], Date.now() + DAY);
  const time = new Date(Date.now() - DAY).toISOString();

  const { status, out } = await run(endpoints, '--yes', '--allow-repeats', '--time', time);

  expect([status, out]).toEqual([0, expect.stringContaining(`to ${time}`)]);
  const [sent] = orders();
  expect(sent?.order).toMatchObject({ timeMs: BigInt(Date.parse(time)), allowRepeats: true });
  expect(sent?.expiryMs).toBeLessThan(Date.parse(time) + 600_000);
});

test('cluster correct-time sends nothing while the clocks of no majority show the time', async () => {
  const endpoints = await open([0, DAY, DAY], Date.now() + DAY);

  const { status, out } = await run(endpoints, '--yes', '--json');

  expect(status).toBe(1);
  expect(JSON.parse(out)).toMatchObject({
    error: { code: 'wrong-state', reason: 'CLOCKS_DISAGREE' },
  });
  expect(out).toMatch(/node-2 86(399|400)\.\d s ahead/);
  expect(orders()).toEqual([]);
});

test('cluster correct-time counts each node once, however often it is named', async () => {
  const [flag = '', address = '', ...others] = await open([0, DAY, DAY], Date.now() + DAY);
  const { err } = await run([flag, address, flag, address, ...others], '--yes');
  expect(err).toMatch(/no majority/);
  expect(orders()).toEqual([]);
});

test('cluster correct-time demands --yes and a time that a clock can show', async () => {
  const without = await quorate(['cluster', 'correct-time']);
  expect([without.status, without.err]).toEqual([2, expect.stringMatching(/Give --yes/)]);
  for (const time of ['yesterday', '2026-11-29', '1700000000000', '2026-13-01T00:00:00Z']) {
    const { status, err } = await quorate(['cluster', 'correct-time', '--yes', '--time', time]);
    expect([status, err]).toEqual([2, expect.stringMatching(/--time must be a time like/)]);
  }
});
