import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NodeId } from '../../src/common/index.js';
import { startCluster } from '../support/clusters/cluster.js';
import type { TestCluster } from '../support/clusters/cluster.js';
import { eventually } from '../support/clusters/cluster-wait.js';
import { quorate } from '../unit/cli/fake-context.js';
import type { Ran } from '../unit/cli/fake-context.js';

/** What an operator sees of a cluster in which something is wrong, by `quorate cluster status` and `health`. */
jest.setTimeout(60_000);

const folder = mkdtempSync(join(tmpdir(), 'quorate-'));
let cluster: TestCluster;

beforeAll(async () => {
  cluster = await startCluster({ nodes: 3 });
  const { ca, cert, key } = await cluster.credentials('operator');
  for (const [name, text] of Object.entries({ ca, cert, key }))
    writeFileSync(join(folder, `${name}.pem`), text, { mode: 0o600 });
  writeFileSync(join(folder, 'cluster.json'), cluster.clusterFile());
});
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await cluster[Symbol.asyncDispose]();
});

function run(
  what: 'status' | 'health',
  nodes: readonly NodeId[],
  ...flags: string[]
): Promise<Ran> {
  const endpoints = nodes.flatMap((node) => ['--endpoint', cluster.network.door(node).address]);
  const files = ['ca', 'cert', 'key'].flatMap((name) => [`--${name}`, join(folder, `${name}.pem`)]);
  const genesis = ['--cluster-file', join(folder, 'cluster.json')];
  return quorate(['cluster', what, ...endpoints, ...files, ...genesis, ...flags]);
}

const rowOf = ({ out }: Ran, node: NodeId): string =>
  out.split('\n').find((line) => line.startsWith(`${node} `)) ?? '';

test('a whole cluster is shown as one: quorum, addresses, certificates, versions, and every node follows', async () => {
  await cluster.whole();

  const status = await eventually('all to follow', async () => {
    const shown = await run('status', cluster.nodes);
    if ((shown.out.match(/ follows /g) ?? []).length === 2) return shown;
    throw new Error(shown.out);
  });

  expect(status.status).toBe(0);
  expect(status.out).toContain('3 of 3 reachable, 2 needed');
  for (const node of cluster.nodes) {
    expect(rowOf(status, node)).toMatch(/127\.0\.0\.1:\d+ .*T.*Z +\d+\.\d+\.\d+/);
    expect(status.out).toContain(`warning: the certificate of ${node} ends in 0 days`);
  }
  expect(status.out).toMatch(
    /^curves +ed25519 by sodium-native, secp256k1 by secp256k1, p256 by node:crypto on node-1, node-2, node-3$/m,
  );
  expect((await run('health', cluster.nodes)).status).toBe(0);
});

test('a node that others cannot reach is not shown as one that follows, though its own streams are open', async () => {
  const leader = await cluster.leader();
  const [lost, other] = await cluster.followers();
  for (const from of [leader, other]) cluster.network.link(from, lost).cut();

  const status = await eventually('the node to be told', async () => {
    const shown = await run('status', cluster.nodes);
    if (shown.out.includes('2 of 3 reachable') && /silent/.test(rowOf(shown, lost))) return shown;
    throw new Error(shown.out);
  });
  const health = await run('health', cluster.nodes, '--json');

  expect(status.status).toBe(0);
  expect(health.status).toBe(5);
  const { endpoints } = JSON.parse(health.out) as {
    endpoints: { node_id: string; healthy: boolean; why: string }[];
  };
  const unhealthy = endpoints.filter(({ healthy }) => !healthy);
  expect(unhealthy.map(({ node_id: node }) => node)).toEqual([lost]);
  cluster.heal();
});

test('without a quorum the status says so, and ends with 5', async () => {
  const leader = await cluster.leader();
  cluster.partition([]);
  cluster.partition(cluster.nodes.map((node) => [node]));

  const status = await eventually('no quorum', async () => {
    const shown = await run('status', [leader]);
    if (shown.out.includes(`no quorum: ${leader} hears 1 of 3, 2 needed`)) return shown;
    throw new Error(shown.out);
  });
  const health = await run('health', [leader]);

  expect([status.status, health.status]).toEqual([5, 5]);
  expect(health.out).toContain('no quorum: it hears 1 of 3, 2 needed');
  cluster.heal();
  await cluster.leader();
});

test('one endpoint that does not answer hides no other', async () => {
  const [stopped] = await cluster.followers();
  await cluster.kill(stopped);

  const status = await run('status', cluster.nodes);
  const health = await run('health', cluster.nodes);

  expect(status.status).toBe(0);
  // Once, with why: the words of the cause are not told again behind those of the client.
  const { address } = cluster.network.door(stopped);
  const lines = status.out.split('\n').filter((line) => line.startsWith(address));
  expect(lines).toEqual([expect.stringMatching(new RegExp(`^${address} [a-z][^:]+$`))]);
  expect(health.status).toBe(5);
  expect(health.out.match(/ healthy /g)).toHaveLength(2);
  expect(health.out.match(/ unhealthy /g)).toHaveLength(1);
});
