import { afterEach, expect, test } from '@jest/globals';
import { utf8 } from '../../src/common/index.js';
import type { NodeId } from '../../src/common/index.js';
import { decodePeerMessage, encodeMessage } from '../../src/raft/index.js';
import type { PeerMessage } from '../../src/raft/index.js';
import { wordsFromBytes } from '../../src/raft/evidence/codec.js';
import type { SignedWords } from '../../src/raft/evidence/words.js';
import { CheckpointCluster } from '../support/clusters/checkpoint-cluster.js';
import type { CheckpointNode } from '../support/clusters/checkpoint-cluster.js';

/* What voters keep of each other's signed words: docs/decisions/0068-voters-keep-each-others-signed-words.md. */

const FORGED = 'A voter has not signed what it says of its log';

const clusters: CheckpointCluster[] = [];

afterEach(async () => {
  for (const cluster of clusters.splice(0)) await cluster.dispose();
});

async function started(count: number): Promise<CheckpointCluster> {
  const options = { identities: true, limits: {}, checkpoints: {} };
  const cluster = await CheckpointCluster.start(count, options);
  clusters.push(cluster);
  await cluster.electAny();
  return cluster;
}

/** What is durable at `node` of a voter's words. */
async function recordOf(node: CheckpointNode, voter: NodeId): Promise<SignedWords | undefined> {
  const bytes = (await node.store.load()).notes.get(`words/${voter}`);
  return bytes && wordsFromBytes(bytes);
}

function followerOf(cluster: CheckpointCluster): CheckpointNode {
  const found = cluster.nodes.find((node) => node !== cluster.leader);
  if (found === undefined) throw new Error('nobody follows');
  return found;
}

/** What each message becomes on its way. */
function altering(change: (message: PeerMessage) => PeerMessage): CheckpointCluster['alters'] {
  return (_from, _to, bytes) => {
    const message = decodePeerMessage(bytes);
    return message && encodeMessage(change(message));
  };
}

test.each([3, 5])(
  'of %s nodes each keeps durably what each other has signed last, the leader too',
  async (count) => {
    const cluster = await started(count);
    await cluster.work(10);
    const before = cluster.leader.driver.logSizes().last;
    // What is verified is held by the next write.
    await cluster.run(500);
    await cluster.work(1, 'next');
    const { leader } = cluster;
    const { term } = leader.driver.status();
    const page = leader.store.readLog(before - 1, { entriesMax: 1, bytesMax: 1 });

    for (const node of cluster.nodes)
      for (const { id } of cluster.nodes.filter((each) => each !== node)) {
        const kept = await recordOf(node, id);
        expect(kept?.acknowledgement).toMatchObject({ term, index: before });
        expect(kept?.acknowledgement?.hash).toEqual(page?.entries[0]?.hash);
      }
  },
);

test('words for the leader go along with what a follower says to it anyway', async () => {
  const cluster = await started(3);
  const [{ leader }, follower] = [cluster, followerOf(cluster)];
  const told = new Map<number, string[]>();
  cluster.alters = (from, to, bytes) => {
    const message = decodePeerMessage(bytes);
    const atMs = cluster.clock.elapsed();
    if (from === follower.id && to === leader.id && message !== undefined)
      told.set(atMs, [...(told.get(atMs) ?? []), message.type]);
    return bytes;
  };
  // Not in step with what is said every 100 ms.
  for (let number = 0; number < 100; number++) {
    leader.driver.propose(utf8(`k=${number}`));
    await cluster.run(30);
  }

  const frames = [...told.values()].filter((types) => types.includes('acknowledgement'));
  expect(frames.length).toBeGreaterThan(20);
  expect(frames.length).toBeLessThan(31);
  expect(frames.filter((types) => types.every((type) => type === 'acknowledgement'))).toEqual([]);
});

test('the votes of a majority are kept by all, that of a candidate for itself among them', async () => {
  const cluster = await started(3);
  await cluster.run(500);
  await cluster.work(1);
  const { leader } = cluster;
  const { term } = leader.driver.status();

  const voted = new Set<NodeId>();
  for (const node of cluster.nodes)
    for (const { id } of cluster.nodes.filter((each) => each !== node)) {
      const vote = (await recordOf(node, id))?.vote;
      if (vote?.term === term && vote.candidate === leader.id) voted.add(id);
    }
  expect(voted.has(leader.id)).toBe(true);
  expect(voted.size).toBeGreaterThanOrEqual(2);
});

test('a record is never older than before, also when its node starts again', async () => {
  const cluster = await started(3);
  await cluster.work(5);
  await cluster.run(500);
  await cluster.work(1, 'next');
  const [node, voter] = [followerOf(cluster), cluster.leader.id];
  const before = (await recordOf(node, voter))?.acknowledgement;

  // It hears nothing, and writes something.
  cluster.cutOff(node);
  await cluster.restart(node);
  await cluster.run(5_000);
  expect((await recordOf(node, voter))?.acknowledgement).toEqual(before);
  cluster.heal();
  await cluster.electAny();
  await cluster.work(3, 'more');
  await cluster.run(500);
  await cluster.work(1, 'last');

  const after = (await recordOf(node, voter))?.acknowledgement;
  expect(after?.index).toBeGreaterThan(before?.index ?? Infinity);
});

test('an acknowledgement that its voter has not signed counts for a commit, is told of, and is not kept', async () => {
  const cluster = await started(3);
  const [{ leader }, liar] = [cluster, followerOf(cluster)];
  await cluster.work(2, 'before');
  await cluster.run(500);
  await cluster.work(1, 'next');
  const before = await recordOf(leader, liar.id);
  expect(before).toBeDefined();
  cluster.alters = altering((message) =>
    message.from === liar.id && message.type === 'acknowledgement'
      ? { ...message, signature: new Uint8Array(64) }
      : message,
  );
  await cluster.work(3);
  await cluster.run(500);
  await cluster.work(1, 'last');

  expect(leader.alarms).toContain(FORGED);
  expect(await recordOf(leader, liar.id)).toEqual(before);
  expect(cluster.texts(leader)['c2']).toBe('v');
});

test('a vote in another’s name is told of, and is not kept', async () => {
  const cluster = await started(3);
  const [node, liar] = [cluster.leader, followerOf(cluster)];
  const speaker = { incarnation: 1, boot: new Uint8Array(16), order: 0 };
  const signature = new Uint8Array(64);
  const vote = { term: 99, candidate: liar.id, ...speaker, signature };
  cluster.hand({ type: 'vote', from: liar.id, to: node.id, ...vote });
  await cluster.run(500);
  await cluster.work(2);

  expect(node.alarms).toContain(FORGED);
  expect((await recordOf(node, liar.id))?.vote?.term).not.toBe(99);
});

test('a cluster in which nothing happens verifies and writes nothing', async () => {
  const cluster = await started(3);
  await cluster.work(3);
  await cluster.run(2_000);
  const records = async () =>
    Promise.all(cluster.nodes.map(async ({ store }) => (await store.load()).notes));
  const before = await records();
  cluster.sent.length = 0;

  await cluster.run(10_000);

  expect(await records()).toEqual(before);
  expect(cluster.sent.filter(({ type }) => type === 'vote' || type === 'acknowledgement')).toEqual(
    [],
  );
});
