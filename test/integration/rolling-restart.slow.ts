import { expect, jest, test } from '@jest/globals';
import { request } from 'node:http';
import { Rng } from '../simulation/rng.js';
import { eventually } from '../support/clusters/cluster-wait.js';
import { opensslVerifies } from '../support/clusters/cluster-signature.js';
import { ProcessCluster } from '../support/clusters/process-cluster.js';
import type { QuorateClient } from '../../src/client/index.js';
import type { NodeId } from '../../src/common/index.js';

/** How often all three nodes are restarted, one after another. */
const ROUNDS = Number(process.env['QUORATE_ROUNDS'] ?? 3);
const SEED = Number(process.env['QUORATE_SEED'] ?? Date.now() % 1_000_000);
const CLIENTS = 4;
const CALL_MS = 20_000;

jest.setTimeout(600_000);

test('a rolling restart of all nodes under a signing load fails no call, and loses nothing that was acknowledged', async () => {
  process.stderr.write(`rolling-restart: seed ${SEED}, ${ROUNDS} rounds\n`);
  await using cluster = await ProcessCluster.create(3, { probes: true });
  for (const node of cluster.nodes) cluster.start(node);
  for (const node of cluster.nodes) await ready(cluster, node);
  const operator = cluster.client();
  const { key } = await operator.generateKey({ keyId: 'treasury' }, { timeoutMs: CALL_MS });
  const { publicKey } = key;
  const load = signing(cluster, publicKey);

  const order = new Rng(SEED, 'order');
  for (let round = 0; round < ROUNDS; round++) {
    for (const node of order.shuffle(cluster.nodes)) {
      const before = load.count();
      const led =
        (await cluster.client([node]).getCluster({ timeoutMs: CALL_MS })).leaderId === node;
      expect(await cluster.stop(node)).toEqual({ code: 0, signal: null });
      const handedOver = cluster.logLines(node).join('\n').includes('has handed leadership over');
      expect(handedOver || !led).toBe(true);
      cluster.start(node);
      await ready(cluster, node);
      await eventually('the load to go on', () => load.count() > before, CALL_MS);
    }
  }
  const signed = await load.finish();

  process.stderr.write(
    `rolling-restart: ${signed.length} signatures, slowest ${load.slowestMs()} ms\n`,
  );
  expect(signed.length).toBeGreaterThan(ROUNDS * cluster.nodes.length);
  // What was answered is recorded: the same request is answered again, without a second task.
  for (const { requestId, message } of signed.slice(-50)) {
    const again = await operator.sign({ keyId: 'treasury', message, requestId, publicKey });
    expect(opensslVerifies(publicKey, message, again.signature)).toBe(true);
  }
  expect(cluster.troubles()).toEqual([]);
});

type Signed = { readonly requestId: string; readonly message: Uint8Array };

/** Clients that sign without a pause. No call may fail: what a client's own retries do not hide ends the test. */
function signing(cluster: ProcessCluster, publicKey: Uint8Array) {
  const signed: Signed[] = [];
  const over = new AbortController();
  let slowestMs = 0;
  const work = async (client: QuorateClient, name: string): Promise<void> => {
    for (let number = 1; !over.signal.aborted; number++) {
      const message = new TextEncoder().encode(`${name} ${number}`);
      const requestId = `${name}-${number}`;
      const began = performance.now();
      const call = { keyId: 'treasury', message, requestId, publicKey };
      const { signature } = await client.sign(call, { timeoutMs: CALL_MS });
      slowestMs = Math.max(slowestMs, performance.now() - began);
      expect(opensslVerifies(publicKey, message, signature)).toBe(true);
      signed.push({ requestId, message });
    }
  };
  const working = Promise.all(
    Array.from({ length: CLIENTS }, (_, at) => work(cluster.client(), `client-${at + 1}`)),
  );
  working.catch(() => over.abort());
  return {
    count: () => {
      if (over.signal.aborted) return Infinity;
      return signed.length;
    },
    slowestMs: () => Math.round(slowestMs),
    finish: async (): Promise<readonly Signed[]> => {
      over.abort();
      await working;
      return signed;
    },
  };
}

async function ready(cluster: ProcessCluster, node: NodeId): Promise<void> {
  await eventually(
    `${node} to be ready`,
    async () => (await probe(cluster.probes(node), '/ready')) === 200,
    CALL_MS,
  );
}

function probe(address: string, path: string): Promise<number | undefined> {
  const [host, port] = address.split(':');
  return new Promise((resolve) => {
    const asked = request({ host, port, path, agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    asked.on('error', () => resolve(undefined));
    asked.end();
  });
}
