import { expect, jest, test } from '@jest/globals';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Rng } from '../simulation/rng.js';
import { eventually } from '../support/clusters/cluster-wait.js';
import { ProcessCluster } from '../support/clusters/process-cluster.js';
import { askUntilAnswered, Load } from '../support/clusters/process-load.js';
import { quorate } from './cli-process.js';

jest.setTimeout(240_000);

/** Long enough for a machine with other work. */
const SIGNED_MS = 60_000;

test('every node changes its node key by one command while the cluster signs, and starts with the new one', async () => {
  await using cluster = await ProcessCluster.create(3);
  for (const node of cluster.nodes) cluster.start(node);
  const load = new Load(new Rng(1, 'node keys'), 4);
  load.start([cluster.client(), cluster.client()]);
  await load.progress(10);

  const said: unknown[] = [];
  for (const node of cluster.nodes) {
    const config = cluster.configFile(node);
    const file = join(dirname(config), 'node.key');
    const before = readFileSync(file, 'utf8');
    const rotate = ['node-key', 'rotate', '--config', config, '--pid', String(cluster.pid(node))];
    const { status, out } = await quorate(dirname(config), [...rotate, '--json']);
    said.push([status, JSON.parse(out), readFileSync(file, 'utf8') !== before]);
    expect(existsSync(`${file}.next`)).toBe(false);
    await load.progress(5);
  }
  expect(said).toEqual(
    cluster.nodes.map((node) => {
      const file = join(dirname(cluster.configFile(node)), 'node.key');
      return [0, { node_id: node, file, made: true, changed: true }, true];
    }),
  );
  for (const node of cluster.nodes) {
    await cluster.kill(node);
    cluster.start(node);
    await load.progress(5);
  }
  await load.finish();
  const failed = load.acknowledged.filter(({ outcome }) => outcome.kind === 'failed');
  expect(failed).toEqual([]);

  // Each pair of nodes signs: no share was lost.
  const generated = load.acknowledged.find(({ outcome }) => outcome.kind === 'key');
  const keyId = generated?.request.keyId ?? '';
  for (const [at, away] of cluster.nodes.entries()) {
    await cluster.kill(away);
    // On a busy machine a request may expire before the others have found that the node is away.
    let asked = 0;
    const isSigned = async (): Promise<boolean> => {
      asked += 1;
      const requestId = `last-${at}-${asked}`;
      const request = { kind: 'sign' as const, requestId, keyId, message: Uint8Array.of(at) };
      return (await askUntilAnswered(cluster.client(), request)).kind === 'signature';
    };
    await eventually(`a signature without ${away}`, isSigned, SIGNED_MS);
    cluster.start(away);
  }
  expect(cluster.troubles()).toEqual([]);
});
