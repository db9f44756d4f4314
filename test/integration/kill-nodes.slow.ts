import { expect, jest, test } from '@jest/globals';
import { setTimeout as pause } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { QuorateClient } from '../../src/client/index.js';
import { fromHex } from '../../src/common/index.js';
import type { NodeId } from '../../src/common/index.js';
import { Rng } from '../simulation/rng.js';
import { opensslVerifies } from '../support/clusters/cluster-signature.js';
import { ProcessCluster } from '../support/clusters/process-cluster.js';
import { askUntilAnswered, Load } from '../support/clusters/process-load.js';
import type { Acknowledged, Outcome } from '../support/clusters/process-load.js';

/** Processes to kill: enough for every run; `npm run test:kill` takes a hundred. */
const KILLS = Number(process.env['QUORATE_KILLS'] ?? 20);
const SEED = Number(process.env['QUORATE_SEED'] ?? Date.now() % 1_000_000);
const CLIENTS = 4;
const KEYS_MAX = 40;
/** Outcomes between two kills, at most: often so few that nodes die while others still come up. */
const OUTCOMES_BETWEEN_MAX = 30;
/** And a little longer, so that requests are hit in every phase. */
const JITTER_MS_MAX = 30;
/** Requests that are asked again at the same time, in the end. */
const ASKED_TOGETHER = 16;
/** Requests may expire while nobody can act on them, but hardly any should. */
const FAILED_PART_MAX = 0.05;

jest.setTimeout(600_000);

test('no acknowledged key is lost or changed and no signature without a record, however often nodes are killed', async () => {
  say(`seed ${SEED}, ${KILLS} kills; QUORATE_SEED and QUORATE_KILLS choose others`);
  await using cluster = await ProcessCluster.create(3);
  for (const node of cluster.nodes) cluster.start(node);
  const load = new Load(new Rng(SEED, 'load'), KEYS_MAX);
  load.start(Array.from({ length: CLIENTS }, () => cluster.client()));

  await killAgainAndAgain(cluster, load);
  await load.finish();

  const { acknowledged } = load;
  const keys = publicKeysOf(acknowledged);
  tell(acknowledged);
  expect(acknowledged.filter((each) => !isValid(each, keys))).toEqual([]);
  // A signature is answered before it is recorded: asked for again, it is recorded by the time that all have been.
  await recordedAt(cluster.client(), acknowledged);
  const records = [];
  for (const node of cluster.nodes) {
    records.push(await recordedAt(cluster.client([node]), acknowledged));
  }
  for (const record of records) {
    expect(record).toEqual(records[0]);
    expect(record.filter((each) => !isValid(each, keys))).toEqual([]);
    expect(record.filter((each, at) => isChanged(each, acknowledged[at]))).toEqual([]);
  }
  for (const node of cluster.nodes) {
    expect(await silentWithout(node, cluster, [...keys.keys()])).toEqual([]);
  }
  expect(cluster.troubles()).toEqual([]);
  expect(acknowledged.length).toBeGreaterThan(KILLS);
  expect(countOf('failed', acknowledged)).toBeLessThan(FAILED_PART_MAX * acknowledged.length);
  say('everything acknowledged is there, unchanged, and every key signs without each of the nodes');
});

/** Kills one node, sometimes two or all of them in one moment, and starts them again at once. */
async function killAgainAndAgain(cluster: ProcessCluster, load: Load): Promise<void> {
  const random = new Rng(SEED, 'kills');
  const started = performance.now();
  let killed = 0;
  for (let round = 1; killed < KILLS; round++) {
    await load.progress(random.int(OUTCOMES_BETWEEN_MAX + 1));
    await pause(random.int(JITTER_MS_MAX));
    const count = random.chance(0.06) ? cluster.nodes.length : random.chance(0.15) ? 2 : 1;
    const victims = random.shuffle(cluster.nodes).slice(0, Math.min(count, KILLS - killed));
    await Promise.all(victims.map((node) => cluster.kill(node)));
    for (const node of victims) cluster.start(node);
    killed += victims.length;
    if (round % 10 === 0 || killed === KILLS) {
      const seconds = Math.round((performance.now() - started) / 1000);
      say(`${killed} kills, ${load.acknowledged.length} outcomes, ${seconds} s`);
    }
  }
}

function publicKeysOf(acknowledged: readonly Acknowledged[]): ReadonlyMap<string, Uint8Array> {
  const keys = new Map<string, Uint8Array>();
  for (const { request, outcome } of acknowledged) {
    if (outcome.kind === 'key') keys.set(request.keyId, outcome.publicKey);
  }
  return keys;
}

/** Claims that OpenSSL verifies the signature, if it is one, under the key that was acknowledged. */
function isValid(
  { request, outcome }: Acknowledged,
  keys: ReadonlyMap<string, Uint8Array>,
): boolean {
  if (request.kind !== 'sign' || outcome.kind !== 'signature') return true;
  const key = keys.get(request.keyId);
  const signature = fromHex(outcome.signature);
  return (
    key !== undefined && signature !== undefined && opensslVerifies(key, request.message, signature)
  );
}

/** Asks a node for everything again. */
async function recordedAt(
  client: QuorateClient,
  acknowledged: readonly Acknowledged[],
): Promise<readonly Acknowledged[]> {
  const recorded: Acknowledged[] = [];
  for (let at = 0; at < acknowledged.length; at += ASKED_TOGETHER) {
    const some = acknowledged.slice(at, at + ASKED_TOGETHER);
    const again = await Promise.all(
      some.map(async ({ request }) => {
        return { request, outcome: await askUntilAnswered(client, request) };
      }),
    );
    recorded.push(...again);
  }
  return recorded;
}

/** Claims that the record takes back what a client may rely on: a signature may be another one, or none, after a crash. */
function isChanged({ outcome }: Acknowledged, before: Acknowledged | undefined): boolean {
  return before?.outcome.kind !== 'signature' && !isDeepStrictEqual(outcome, before?.outcome);
}

/** Signs with every key while a node is down. @returns Keys that do not sign then. */
async function silentWithout(
  node: NodeId,
  cluster: ProcessCluster,
  keyIds: readonly string[],
): Promise<readonly string[]> {
  await cluster.kill(node);
  const others = cluster.client(cluster.nodes.filter((each) => each !== node));
  const silent: string[] = [];
  for (const keyId of keyIds) {
    const message = new TextEncoder().encode(`without ${node}`);
    const request = {
      kind: 'sign',
      requestId: `${keyId}-without-${node}`,
      keyId,
      message,
    } as const;
    const outcome = await askUntilAnswered(others, request);
    if (outcome.kind !== 'signature') silent.push(keyId);
  }
  cluster.start(node);
  return silent;
}

function tell(acknowledged: readonly Acknowledged[]): void {
  const [keys, signatures, failed] = (['key', 'signature', 'failed'] as const).map((kind) =>
    countOf(kind, acknowledged),
  );
  say(`acknowledged: ${keys} keys, ${signatures} signatures, ${failed} failures`);
}

function countOf(kind: Outcome['kind'], acknowledged: readonly Acknowledged[]): number {
  return acknowledged.filter(({ outcome }) => outcome.kind === kind).length;
}

function say(text: string): void {
  process.stderr.write(`kill-nodes: ${text}\n`);
}
