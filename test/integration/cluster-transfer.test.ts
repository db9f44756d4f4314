import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { nodeId } from '../../src/common/index.js';
import type { NodeId } from '../../src/common/index.js';
import type { QuorateClient } from '../../src/client/index.js';
import { opensslVerifies } from '../support/clusters/cluster-signature.js';
import { eventually } from '../support/clusters/cluster-wait.js';
import { startCluster } from '../support/clusters/cluster.js';
import type { TestCluster } from '../support/clusters/cluster.js';

/** Leadership is handed over between whole nodes, by operators and by a node that stops. */
jest.setTimeout(60_000);

let cluster: TestCluster;
let app: QuorateClient;
let operator: QuorateClient;
let publicKey: Uint8Array;

beforeAll(async () => {
  cluster = await startCluster({ nodes: 3 });
  await cluster.whole();
  app = await cluster.client('app');
  operator = await cluster.client('operator');
  ({ publicKey } = (await app.generateKey({ keyId: 'treasury' })).key);
});
afterAll(() => cluster[Symbol.asyncDispose]());

async function shown(): Promise<{ readonly leader: NodeId; readonly term: bigint }> {
  return eventually('a leader', async () => {
    const { leaderId, term } = await operator.getCluster();
    if (leaderId === '') throw new Error('no leader');
    return { leader: nodeId(leaderId), term };
  });
}

const messageOf = (number: number): Uint8Array => Uint8Array.of(number >> 8, number & 255);

/** Signs without a pause until it is stopped; every answer must verify. */
function load(): { stop(): Promise<number> } {
  const over = new AbortController();
  const loops = [1, 2, 3, 4].map(async (lane) => {
    let count = 0;
    while (!over.signal.aborted) {
      const message = messageOf(lane * 10_000 + count++);
      const { signature } = await app.sign({ keyId: 'treasury', message, publicKey });
      expect(opensslVerifies(publicKey, message, signature)).toBe(true);
    }
    return count;
  });
  return {
    stop: async () => {
      over.abort();
      return (await Promise.all(loops)).reduce((sum, count) => sum + count, 0);
    },
  };
}

test('under a signing load leadership goes to each node that is named, and no request fails', async () => {
  const signing = load();
  for (const to of [...cluster.nodes, ...cluster.nodes]) {
    const at = await cluster.client('operator', { at: [to] });
    const led = await eventually(`${to} to lead`, () => at.transferLeadership({ to }));
    expect(led.leaderId).toBe(to);
  }
  expect(await signing.stop()).toBeGreaterThan(0);

  expect((await shown()).leader).toBe(cluster.nodes.at(-1));
});

test('an order that comes again, when its term is over, is answered and deposes nobody', async () => {
  const before = await shown();
  const to = cluster.nodes.find((node) => node !== before.leader);
  const seen = { leaderId: before.leader, term: before.term };
  const led = await operator.transferLeadership({ to, seen });

  for (let count = 0; count < 3; count++) {
    expect(await operator.transferLeadership({ to, seen })).toEqual(led);
    expect(await operator.transferLeadership({ seen })).toEqual(led);
  }
  await expect(operator.transferLeadership({ to: before.leader, seen })).rejects.toMatchObject({
    reason: 'LEADERSHIP_CHANGED',
  });
  expect(await shown()).toEqual({ leader: to, term: led.term });
});

test('a node that is no voter, or cannot be reached, is named in the refusal, and the leader goes on', async () => {
  await expect(operator.transferLeadership({ to: 'node-9' })).rejects.toMatchObject({
    code: 'wrong-state',
    reason: 'NOT_A_VOTER',
  });
  const { leader, term } = await shown();
  const gone = cluster.nodes.find((node) => node !== leader);
  if (gone === undefined) throw new Error('three nodes');
  const at = await cluster.client('operator', { at: [leader] });
  await cluster.kill(gone);
  const refused = await eventually('the leader to miss it', async () => {
    const reason = await at.transferLeadership({ to: gone }, { timeoutMs: 900 }).then(
      () => 'handed over',
      (error: { reason: string }) => error.reason,
    );
    if (reason === 'TARGET_UNREACHABLE') return reason;
    throw new Error(reason);
  });
  expect(refused).toBe('TARGET_UNREACHABLE');
  expect((await at.getCluster()).term).toBe(term);
  await cluster.restart(gone);
  await cluster.whole();
});

test('an app, or an operator that does not sign, hands nothing over', async () => {
  const { term } = await shown();
  await expect(app.transferLeadership()).rejects.toMatchObject({ code: 'forbidden' });
  expect((await shown()).term).toBe(term);
});

test('a leader that is stopped hands over first, so that the next one leads before it is gone', async () => {
  const { leader, term } = await shown();
  const others = cluster.nodes.filter((node) => node !== leader);
  const watching = await cluster.client('operator', { at: others });

  await cluster.stop(leader);
  // Whoever answers may have heard of the new term, and not yet of its leader.
  const next = await cluster.leader();
  const after = await watching.getCluster();

  expect(others).toContain(next);
  expect(after.term).toBe(term + 1n);
});
