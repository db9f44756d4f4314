import { expect, jest, test } from '@jest/globals';
import type { QuorateClient } from '../../src/client/index.js';
import { utf8 } from '../../src/common/index.js';
import type { NodeId } from '../../src/common/index.js';
import { BUILD_LEVEL } from '../../src/identity/index.js';
import { Command, encode } from '../../src/wire/index.js';
import type { TaskRecord } from '../../src/wire/index.js';
import { LyingLeaderCluster } from '../support/adversary/lying-leader-cluster.js';
import { vouch } from '../support/adversary/forgery.js';
import { LATER_BUILD, LATER_LEVEL, NOTE_METHOD } from '../support/builders/later-build.js';
import { startCluster } from '../support/clusters/cluster.js';
import type { TestCluster } from '../support/clusters/cluster.js';
import { eventually } from '../support/clusters/cluster-wait.js';

/**
 * Two builds in one cluster of real nodes: this one, and a later one, which has the next feature level and knows a kind of
 * task that came with it. The later build stands in `test/support/builders/later-build.ts` and nowhere in `src/`.
 */
jest.setTimeout(120_000);

const ANSWER_MS = 20_000;

/** Has a note written: what only the later build knows. */
function note(cluster: TestCluster, at: NodeId, word: string): Promise<TaskRecord> {
  return cluster.backend(at).submit({
    method: NOTE_METHOD,
    request: utf8(word),
    requester: 'spiffe://quorate/app/app',
    expiresInMs: ANSWER_MS,
    authorization: undefined,
    signal: AbortSignal.timeout(ANSWER_MS),
  });
}

/** A client that signs one message after another until it is asked to stop. The SDK verifies each signature. */
class Signing {
  readonly #client: QuorateClient;
  readonly #done: Promise<void>;
  #count = 0;
  #stopped = false;

  constructor(client: QuorateClient, keyId: string) {
    this.#client = client;
    this.#done = this.#run(keyId);
    this.#done.catch(() => undefined);
  }

  get count(): number {
    return this.#count;
  }

  /** Waits until some more signatures have been made. */
  async goesOn(): Promise<void> {
    const enough = this.#count + 3;
    await Promise.race([this.#done, eventually('more signatures', () => this.#count >= enough)]);
  }

  /** @throws Error The first failure, if there was one. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#done;
  }

  async #run(keyId: string): Promise<void> {
    while (!this.#stopped) {
      const message = utf8(`message ${this.#count}`);
      await this.#client.sign({ keyId, message }, { timeoutMs: ANSWER_MS });
      this.#count += 1;
    }
  }
}

async function upgrade(cluster: TestCluster, node: NodeId): Promise<void> {
  await cluster.stop(node);
  await cluster.restart(node, LATER_BUILD);
  await cluster.whole();
}

/** The level of the cluster and of each node's build, as one node sees them. */
async function levelsAt(cluster: TestCluster, node: NodeId): Promise<readonly number[]> {
  const observer = await cluster.client('operator', { name: 'observer', at: [node] });
  const { level, members } = await observer.getCluster();
  return [level, ...members.map(({ build }) => build?.level ?? 0)];
}

test('signing goes on through a rolling upgrade and the raise, and the features of the level count from then on', async () => {
  await using cluster = await startCluster({ nodes: 3 });
  const [one, two, three] = cluster.nodes as [NodeId, NodeId, NodeId];
  const app = await cluster.client('app');
  const operator = await cluster.client('operator');
  await app.generateKey({ keyId: 'treasury', threshold: 2 });
  const signing = new Signing(app, 'treasury');

  await signing.goesOn();
  await expect(operator.raiseLevel()).rejects.toMatchObject({ reason: 'BUILDS_TOO_OLD' });
  await upgrade(cluster, one);
  await signing.goesOn();
  await upgrade(cluster, two);
  await signing.goesOn();
  expect(await levelsAt(cluster, one)).toEqual([
    BUILD_LEVEL,
    LATER_LEVEL,
    LATER_LEVEL,
    BUILD_LEVEL,
  ]);
  await expect(operator.raiseLevel()).rejects.toMatchObject({
    reason: 'BUILDS_TOO_OLD',
    facts: { nodes: `node-3 (level ${BUILD_LEVEL})` },
  });
  await upgrade(cluster, three);
  await signing.goesOn();
  await expect(note(cluster, one, 'early')).rejects.toMatchObject({ reason: 'LEVEL_TOO_LOW' });

  expect(await operator.raiseLevel()).toMatchObject({ level: LATER_LEVEL });

  await signing.goesOn();
  for (const node of cluster.nodes) {
    await eventually(`${node} to apply the raise`, async () => {
      const seen = await levelsAt(cluster, node);
      return seen[0] === LATER_LEVEL;
    });
    expect(await levelsAt(cluster, node)).toEqual(Array(4).fill(LATER_LEVEL));
    const written = await note(cluster, node, `from-${node}`);
    expect(written).toMatchObject({ kind: 'note', outcome: { $case: 'result' } });
  }
  await signing.goesOn();
  await signing.stop();
  expect(signing.count).toBeGreaterThan(15);

  // The way back is closed: a build without the level does not start on a state of it.
  await cluster.stop(three);
  await expect(cluster.restart(three)).rejects.toMatchObject({
    code: 'unsupported',
    reason: 'BUILD_TOO_OLD',
  });
  await cluster.stop(three);
  await cluster.restart(three, LATER_BUILD);
  await cluster.whole();
  expect(cluster.takeAlarms()).toEqual([]);
});

test('a node that is left behind stops before the raise with a clear error, and goes on with a build that has the level', async () => {
  await using cluster = await startCluster({ nodes: 3 });
  const [one, two, three] = cluster.nodes as [NodeId, NodeId, NodeId];
  const app = await cluster.client('app', { at: [one, two] });
  const operator = await cluster.client('operator', { at: [one, two] });
  await app.generateKey({ keyId: 'treasury', threshold: 2 });
  for (const node of [one, two]) await upgrade(cluster, node);

  await operator.raiseLevel({ without: [three] });

  await eventually('node-3 to stop', () => cluster.alarms.some((line) => /failed/.test(line)));
  const words = cluster.takeAlarms().join('\n');
  expect(words).toMatch(/node-3 error: The node cannot go on/);
  expect(words).toMatch(
    new RegExp(
      `node-3 failed: .*The cluster is at feature level ${LATER_LEVEL}, and this build has level ${BUILD_LEVEL} at most`,
    ),
  );
  await app.sign({ keyId: 'treasury', message: utf8('without node-3') });

  // Its own disk ends before the raise, so the old build starts, hears of the raise, and stops again.
  await cluster.stop(three);
  await cluster.restart(three);
  await eventually('node-3 to stop again', () =>
    cluster.alarms.some((line) => /failed/.test(line)),
  );
  expect(cluster.takeAlarms().join('\n')).toMatch(
    new RegExp(`this build has level ${BUILD_LEVEL} at most`),
  );
  await cluster.stop(three);
  await cluster.restart(three, LATER_BUILD);
  await cluster.whole();
  await eventually('node-3 to be at the next level', async () => {
    const [level] = await levelsAt(cluster, three);
    return level === LATER_LEVEL;
  });
  await note(cluster, three, 'back');
});

test('before the raise an entry of the next level is void on both builds, from any proposer', async () => {
  await using court = await LyingLeaderCluster.open();
  const [old, later] = court.honest;
  const { cluster, lying } = court;
  await cluster.stop(later);
  await cluster.restart(later, LATER_BUILD);
  const client = await court.client(old);
  const { keyId, publicKey } = court;
  const signing = client.sign({ keyId, publicKey, message: utf8('pay'), requestId: 'pay' });
  signing.catch(() => undefined);
  const request = await court.request('pay');
  const value = vouch(lying.signer, {
    clusterId: lying.genesis.clusterId,
    method: NOTE_METHOD,
    request: utf8('early'),
    requester: 'spiffe://quorate/app/app',
    expireTimeMs: Date.now() + ANSWER_MS,
  });
  for (const level of [LATER_LEVEL, BUILD_LEVEL]) {
    const payload = encode(Command, { level, command: { $case: 'request', value } });
    const timeMs = Math.max(court.liar.sentLog.last.timeMs, Date.now());
    court.liar.sentLog.append({ payload, timeMs });
  }

  const entry = court.tell({ ...request, firstAttempt: await court.attempt(request) });
  expect(await court.answered(court.sessionOf(entry))).toEqual(['share', 'share']);

  const alarms = cluster.takeAlarms().map((line) => line.replace(/ \{.*$/, ''));
  for (const node of [old, later]) {
    expect(alarms).toContain(`${node} alarm: a command above the cluster's level`);
    expect(alarms).toContain(`${node} alarm: a request that cannot be read`);
  }
  const states = [old, later].map((node) => {
    const state = cluster.backend(node).local();
    return [state.totals().taskCount, state.tasks('', 100, false).map(({ taskId }) => taskId)];
  });
  expect(states[0]).toEqual(states[1]);
});
