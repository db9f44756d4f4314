import { expect, jest, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { QuorateError } from '../../src/client/index.js';
import { utf8 } from '../../src/common/index.js';
import type { NodeId } from '../../src/common/index.js';
import { METRICS } from '../../src/node/metrics/table.js';
import { eventually } from '../support/clusters/cluster-wait.js';
import { ProcessCluster } from '../support/clusters/process-cluster.js';

jest.setTimeout(600_000);

const LONG_MS = 60_000;
const SIGNATURES = 7;

/** The address at which a node shows its metrics, as its log says. */
function addressOf(cluster: ProcessCluster, node: NodeId): Promise<string> {
  return eventually(
    `the metrics of ${node}`,
    () => {
      const line = cluster.logLines(node).find((each) => each.includes('The node listens'));
      const said: unknown = line === undefined ? undefined : JSON.parse(line);
      if (typeof said !== 'object' || said === null || !('metrics' in said)) return undefined;
      return String(said.metrics);
    },
    LONG_MS,
  );
}

/** The value of a series, as it is written with its labels. */
function valueOf(text: string, series: string): number | undefined {
  const line = text.split('\n').find((each) => each.startsWith(`${series} `));
  return line === undefined ? undefined : Number(line.slice(series.length + 1));
}

async function ask(address: string): Promise<string> {
  const response = await fetch(`http://${address}/metrics`);
  if (response.status !== 200) throw new Error(`status ${response.status}`);
  return response.text();
}

function phaseOf(phase: string): string {
  return `quorate_task_phase_seconds_count{kind="sign",phase="${phase}"}`;
}

/** What promtool has to say, where QUORATE_PROMTOOL names one. */
function promtoolFaults(text: string): string {
  const promtool = process.env['QUORATE_PROMTOOL'] ?? '';
  if (promtool === '') return '';
  const { status, stderr } = spawnSync(promtool, ['check', 'metrics'], {
    input: text,
    encoding: 'utf8',
  });
  return status === 0 ? '' : stderr;
}

test('the metrics of nodes that sign tell what they do, and name no key, request or caller', async () => {
  await using cluster = await ProcessCluster.create(3, { metrics: true });
  for (const node of cluster.nodes) cluster.start(node);
  const client = cluster.client(cluster.nodes.slice(0, 1));
  await client.generateKey({ keyId: 'treasury', threshold: 2 }, { timeoutMs: LONG_MS });
  for (let at = 0; at < SIGNATURES; at++)
    await client.sign(
      { keyId: 'treasury', message: utf8(`m${at}`), requestId: `wages-${at}` },
      { timeoutMs: LONG_MS },
    );
  const refused = client.sign({ keyId: 'nowhere', message: utf8('m') }, { timeoutMs: LONG_MS });
  await expect(refused).rejects.toBeInstanceOf(QuorateError);

  const addresses = await Promise.all(cluster.nodes.map((node) => addressOf(cluster, node)));
  // A signature is answered before it is recorded, and recorded at other nodes a little later.
  const series = 'quorate_tasks_total{kind="sign",result="done"}';
  const texts = await eventually(
    'all nodes to have counted the signatures',
    async () => {
      const all = await Promise.all(addresses.map(ask));
      return all.every((text) => valueOf(text, series) === SIGNATURES) ? all : undefined;
    },
    LONG_MS,
  );

  const sum = (name: string): number =>
    texts.reduce((total, text) => total + (valueOf(text, name) ?? NaN), 0);
  expect(sum('quorate_raft_is_leader')).toBe(1);
  expect(sum('quorate_ready')).toBe(3);
  expect(sum('quorate_raft_has_quorum')).toBe(3);
  expect(sum('quorate_disk_room')).toBe(6);
  expect(sum('quorate_members_connected')).toBe(6);
  const [first = ''] = texts;
  expect(valueOf(first, 'quorate_keys')).toBe(1);
  const calls = 'quorate_calls_total{method="/quorate.v1.SigningService/Sign",code="OK"}';
  expect(valueOf(first, calls)).toBe(SIGNATURES);
  for (const text of texts)
    for (const phase of ['open', 'work']) expect(valueOf(text, phaseOf(phase))).toBe(SIGNATURES);
  for (const node of cluster.nodes) {
    const left = valueOf(first, `quorate_certificate_remaining_seconds{member="${node}"}`);
    expect(left).toBeGreaterThan(0);
    expect(left).toBeLessThan(2 * 86_400);
  }
  for (const name of [
    'quorate_store_writes_total',
    'quorate_peer_bytes_total',
    'quorate_raft_term',
  ])
    expect(valueOf(first, name)).toBeGreaterThan(0);
  for (const store of ['log', 'shares'])
    expect(valueOf(first, `quorate_store_bytes{store="${store}"}`)).toBeGreaterThan(4_096);

  const names = [...first.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name);
  expect(names).toEqual(Object.keys(METRICS));
  for (const text of texts) expect(text).not.toMatch(/treasury|nowhere|wages|operator|spiffe/);
  expect(promtoolFaults(first)).toBe('');
  expect(cluster.troubles()).toEqual([]);
});
