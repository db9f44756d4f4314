import { expect, test } from '@jest/globals';
import { STREAMS } from '../../../src/api/index.js';
import type { ApiContext, Call, Watched } from '../../../src/api/index.js';
import { CLUSTER_VIEW_MS } from '../../../src/api/limits.js';
import { nodeId } from '../../../src/common/index.js';
import { parseSpiffe } from '../../../src/identity/index.js';
import type { Identity } from '../../../src/identity/index.js';
import { encode, WatchClusterRequest } from '../../../src/wire/index.js';
import type { WatchClusterResponse } from '../../../src/wire/index.js';
import { testGenesis } from '../../support/builders/ledger.js';
import { FakeBackend, keyRecord } from '../rpc/server-fixture.js';

const genesis = testGenesis();

function contextOf(backend: FakeBackend): ApiContext {
  return {
    backend: () => backend,
    genesis,
    softwareVersion: '',
    node: {
      nowMs: () => 0,
      addressOf: () => undefined,
      certificateEndMs: () => undefined,
      certifiedBy: () => undefined,
      curveBackends: {},
    },
  };
}

function watch(
  context: ApiContext,
  intervalMs = 0,
  caller = 'spiffe://quorate/auditor/a',
): Promise<Watched> {
  const call: Partial<Call> = {
    bytes: encode(WatchClusterRequest, { intervalMs }),
    caller: parseSpiffe(caller) as Identity,
  };
  return STREAMS['/quorate.v1.ClusterService/WatchCluster'].watch(context, call as Call);
}

function told(watched: Watched, nowMs: number): WatchClusterResponse | undefined {
  const { message, isLast } = watched.next(nowMs);
  expect(isLast).toBe(false);
  return message as WatchClusterResponse | undefined;
}

test('a watch tells the cluster at once, and again when leader, term, reach or level change, and not for indices', async () => {
  const backend = new FakeBackend(genesis);
  const watched = await watch(contextOf(backend));
  let nowMs = 0;
  const after = (changes: Partial<FakeBackend['state']>): WatchClusterResponse | undefined => {
    backend.state = { ...backend.state, ...changes };
    nowMs += CLUSTER_VIEW_MS;
    return told(watched, nowMs);
  };

  expect(told(watched, 0)?.cluster).toMatchObject({ nodeId: 'node-1', leaderId: 'node-2' });
  expect(after({})).toBeUndefined();
  expect(after({ commit: 99, applied: 99, timeMs: 1_800_000_000_000 })).toBeUndefined();
  expect(after({ leader: nodeId('node-1') })?.cluster?.leaderId).toBe('node-1');
  expect(after({ term: 8 })?.cluster?.term).toBe(8n);
  expect(after({ connected: [] })?.cluster?.members.map(({ reachable }) => reachable)).toEqual([
    true,
    false,
    false,
  ]);
  expect(after({ level: 2 })?.cluster?.level).toBe(2);
  expect(after({ caughtUp: false, leader: undefined })?.cluster?.leaderId).toBe('');
  expect(after({})).toBeUndefined();
});

test('the upkeep of keys is counted: under way, overdue, failed', async () => {
  const backend = new FakeBackend(genesis);
  const watched = await watch(contextOf(backend));
  expect(told(watched, 0)?.upkeep).toEqual({ refreshing: 0, overdue: 0, failed: 0 });
  // By the state machine's clock of the backend.
  const nowMs = 1_700_000_000_500n;
  const key = (id: string, changes: object): void => {
    const none = { intervalMs: 1n, dueMs: 0n, taskId: '', lastFailure: undefined };
    const resharing = { ...none, ...changes };
    backend.keys.set(id, keyRecord(id, { resharing } as Parameters<typeof keyRecord>[1]));
  };
  key('under-way', { taskId: 't', dueMs: 1n });
  key('soon', { dueMs: nowMs - 59_000n });
  key('late', { dueMs: nowMs - 61_000n });
  key('failed', { lastFailure: { taskId: 't', reason: 'SESSION_FAILED', timeMs: 1n } });
  key('never', {});

  expect(told(watched, CLUSTER_VIEW_MS)?.upkeep).toEqual({ refreshing: 1, overdue: 1, failed: 1 });
});

test('however many watch, the cluster is looked at once in half a second for all that see the same', async () => {
  const backend = new FakeBackend(genesis);
  let looks = 0;
  const { state } = backend;
  backend.status = () => {
    looks += 1;
    return state;
  };
  const context = contextOf(backend);
  const watches = await Promise.all(Array.from({ length: 20 }, () => watch(context)));

  for (const each of watches) expect(told(each, 0)).toBeDefined();
  expect(looks).toBe(1);
  for (const each of watches) told(each, CLUSTER_VIEW_MS - 1);
  expect(looks).toBe(1);
  for (const each of watches) told(each, CLUSTER_VIEW_MS);
  expect(looks).toBe(2);
});

test('an app is not shown what operators see beside it', async () => {
  const backend = new FakeBackend(genesis);
  backend.state = {
    ...backend.state,
    presignatures: {
      pools: [{ keyId: 'secret', keyVersion: 1, signers: [], ready: 1, wanted: 1 }] as never,
      held: 1,
    },
  };
  const context = contextOf(backend);

  expect(told(await watch(context), 0)?.cluster?.presignaturePools).toHaveLength(1);
  const app = await watch(context, 0, 'spiffe://quorate/app/app');
  expect(told(app, 0)?.cluster?.presignaturePools).toEqual([]);
});

test('an interval out of its bounds is refused', async () => {
  const context = contextOf(new FakeBackend(genesis));

  for (const each of [1, 999, 60_001])
    await expect(watch(context, each)).rejects.toMatchObject({
      reason: 'INVALID_INTERVAL',
      details: { field: 'interval_ms' },
    });
  expect((await watch(context, 1_000)).intervalMs).toBe(1_000);
  expect((await watch(context)).intervalMs).toBe(2_000);
});
