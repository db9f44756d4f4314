import { afterEach, expect, test } from '@jest/globals';
import { utf8 } from '../../src/common/index.js';
import type { ConsensusStore } from '../../src/ports/index.js';
import { memoryConsensusStore } from '../../src/store/index.js';
import { decodePeerMessage, encodeMessage } from '../../src/raft/index.js';
import type { PeerMessage } from '../../src/raft/index.js';
import { NO_WORDS } from '../../src/raft/evidence/words.js';
import { CheckpointCluster } from '../support/clusters/checkpoint-cluster.js';
import type { CheckpointNode } from '../support/clusters/checkpoint-cluster.js';
import { copiedLog } from '../support/clusters/copied-log.js';

/* What a node may do whose disk has lost something: docs/decisions/0069-an-old-disk-is-convicted.md. */

const LOST = 'This node has lost a part of its log';
const NOT_OURS = 'A peer shows a word that this node has not signed';

const clusters: CheckpointCluster[] = [];

afterEach(async () => {
  for (const cluster of clusters.splice(0)) await cluster.dispose();
});

async function started(count: number, checkpoints = false): Promise<CheckpointCluster> {
  const cluster = await CheckpointCluster.start(count, {
    identities: true,
    ...(checkpoints ? {} : { limits: {}, checkpoints: {} }),
  });
  clusters.push(cluster);
  return cluster;
}

/** What each message becomes on its way; nothing is a message that is lost. */
function altering(
  change: (message: PeerMessage) => PeerMessage | undefined,
): CheckpointCluster['alters'] {
  return (_from, _to, bytes) => {
    const message = decodePeerMessage(bytes);
    const changed = message && change(message);
    return changed && encodeMessage(changed);
  };
}

/** The node's process ends, and another one begins on this disk. */
async function restore(
  cluster: CheckpointCluster,
  node: CheckpointNode,
  store: ConsensusStore,
): Promise<void> {
  await cluster.stop(node);
  node.store = store;
  await cluster.restart(node);
}

const partOf = ({ driver }: CheckpointNode): string => driver.status().part;

function followerOf(cluster: CheckpointCluster): CheckpointNode {
  const found = cluster.nodes.find((node) => node !== cluster.leader && node.up);
  if (found === undefined) throw new Error('nobody follows');
  return found;
}

/** Promises that this run of a node has sent: votes, and answers that grant or match something. */
function promisesOf(cluster: CheckpointCluster, node: CheckpointNode, since: number): string[] {
  return cluster.sent.slice(since).flatMap((message) => {
    if (message.from !== node.id) return [];
    const isPromise =
      message.type === 'append-reply' ||
      message.type === 'acknowledgement' ||
      message.type === 'vote' ||
      (message.type === 'vote-reply' && message.granted) ||
      message.type === 'vote-request';
    return isPromise ? [message.type] : [];
  });
}

test.each([3, 5])(
  'of %s nodes, one with an emptied disk is convicted, and takes no part again',
  async (count) => {
    const cluster = await started(count);
    await cluster.electAny();
    await cluster.work(10);
    const node = followerOf(cluster);

    await restore(cluster, node, memoryConsensusStore());
    await cluster.run(2_000);
    const since = cluster.sent.length;

    expect(partOf(node)).toBe('log-lost');
    expect(node.alarms).toContain(LOST);
    await cluster.work(5, 'more');
    expect(promisesOf(cluster, node, since)).toEqual([]);
    expect(node.fatal).toEqual([]);
    const others = cluster.nodes.filter((each) => each !== node);
    await cluster.run(200);
    for (const other of others) expect(cluster.texts(other)['more4']).toBe('v');
  },
);

test('an old copy of a disk is convicted, and so it is in every later run', async () => {
  const cluster = await started(3);
  await cluster.electAny();
  await cluster.work(5);
  const node = followerOf(cluster);
  const old = await copiedLog(node.store);
  await cluster.work(5, 'more');

  await restore(cluster, node, old);
  await cluster.run(1_000);
  const since = cluster.sent.length;
  expect(partOf(node)).toBe('log-lost');
  node.alarms.length = 0;
  // Nobody is there to show it again.
  cluster.cutOff(node);
  await cluster.restart(node);
  await cluster.run(1_000);

  expect(partOf(node)).toBe('log-lost');
  expect(node.alarms).toContain(LOST);
  cluster.heal();
  await cluster.run(1_000);
  expect(promisesOf(cluster, node, since)).toEqual([]);
});

test('a leader whose disk goes back is convicted, too, and the others elect another', async () => {
  const cluster = await started(3);
  const leader = await cluster.electAny();
  const old = await copiedLog(leader.store);
  await cluster.work(5);

  await restore(cluster, leader, old);
  await cluster.run(2_000);

  expect(partOf(leader)).toBe('log-lost');
  expect(cluster.leader).not.toBe(leader);
});

test('a node that has lost nothing takes part again at once, whatever the others have of it', async () => {
  const cluster = await started(3);
  await cluster.electAny();
  for (let round = 0; round < 3; round++) {
    await cluster.work(4, `round ${round} `);
    for (const node of cluster.nodes) {
      await cluster.restart(node);
      await cluster.run(1_500);
      expect(partOf(node)).toBe('takes');
    }
  }
  for (const node of cluster.nodes) expect(node.alarms).toEqual([]);
});

test('after an election, which truncates what was acknowledged in an earlier term, nobody is convicted', async () => {
  const cluster = await started(3);
  const leader = await cluster.electAny();
  await cluster.work(2);
  // What it proposes now reaches one other, which acknowledges it; then both are away.
  const reached = followerOf(cluster);
  const third = cluster.nodes.find((node) => node !== leader && node !== reached);
  if (third === undefined) throw new Error('three nodes');
  cluster.alters = (from, to, bytes) => (from === third.id || to === third.id ? undefined : bytes);
  leader.driver.propose(utf8('kept=v'));
  await cluster.run(50);
  cluster.heal();
  for (const node of cluster.nodes) {
    await cluster.restart(node);
    await cluster.run(1_000);
  }

  for (const node of cluster.nodes) {
    expect(partOf(node)).toBe('takes');
    expect(node.alarms).toEqual([]);
  }
});

test('nodes that all start at once on new disks, or on old ones, elect a leader', async () => {
  const cluster = await started(5);
  await cluster.electAny();
  await cluster.work(3);
  for (const node of cluster.nodes) await cluster.stop(node);
  for (const node of cluster.nodes) await cluster.restart(node);

  await cluster.electAny();
  await cluster.work(3, 'again');
  await cluster.run(200);

  expect(cluster.texts(cluster.node(1))['again2']).toBe('v');
});

test('of two processes of one node the older is fenced by what the newer has signed', async () => {
  const cluster = await started(3);
  await cluster.electAny();
  await cluster.work(5);
  const node = followerOf(cluster);
  const copy = await copiedLog(node.store);
  const older = { driver: node.driver, id: node.id, boot: node.boot };
  // The second process begins on a copy of the disk, and has the node's address; the first runs on.
  node.store = copy;
  await cluster.startBeside(node);
  await cluster.work(5, 'more');
  // A leader is told the newest within half a second.
  await cluster.run(500);
  const other = cluster.nodes.find((each) => each !== node);
  if (other === undefined) throw new Error('three nodes');

  // A stream of the first one begins anew.
  const since = cluster.sent.length;
  other.driver.connected(older.id, older.boot);
  await cluster.run(10);
  const shown = cluster.sent
    .slice(since)
    .find(({ type, from }) => type === 'records' && from === other.id);
  if (shown === undefined) throw new Error('a peer shows what it has when a stream begins');
  older.driver.receive(other.id, encodeMessage(shown));

  expect(older.driver.status().part).toBe('log-lost');
  expect(partOf(node)).toBe('takes');
});

test('a checkpoint that it has signed convicts a node whose log ends before it', async () => {
  const cluster = await started(3, true);
  await cluster.electAny();
  const node = followerOf(cluster);
  const old = await copiedLog(node.store);
  await cluster.work(60);
  // Of what is shown, the checkpoint alone.
  cluster.alters = altering((message) => {
    if (message.type !== 'records' || message.to !== node.id) return message;
    const { checkpoint } = message.words;
    return { ...message, words: { ...NO_WORDS, checkpoint } };
  });

  await restore(cluster, node, old);
  await cluster.run(1_000);

  expect(partOf(node)).toBe('log-lost');
});

test('a peer that makes up words convicts nobody, and is told of', async () => {
  const cluster = await started(3);
  await cluster.electAny();
  await cluster.work(3);
  const [node, liar] = [cluster.leader, followerOf(cluster)];
  const speaker = { incarnation: 1, boot: new Uint8Array(16).fill(9), order: 0 };
  const acknowledgement = {
    term: 99,
    index: 99,
    hash: new Uint8Array(32),
    clockMs: 0,
    ...speaker,
    signature: new Uint8Array(64),
  };
  const words = { acknowledgement, vote: undefined, checkpoint: undefined };
  const boot = new Uint8Array(16);
  cluster.hand({ type: 'records', from: liar.id, to: node.id, term: 1, boot, words });
  await cluster.run(100);

  expect(partOf(node)).toBe('takes');
  expect(node.alarms).toContain(NOT_OURS);
});

test('a voter that asks again and again is answered so often as is allowed', async () => {
  const cluster = await started(3);
  await cluster.electAny();
  const [node, asking] = [cluster.leader, followerOf(cluster)];
  const since = cluster.sent.length;
  const boot = new Uint8Array(16);
  for (let count = 0; count < 500; count++)
    cluster.hand({ type: 'records-request', from: asking.id, to: node.id, term: 1, boot });
  await cluster.run(10);

  const shown = cluster.sent
    .slice(since)
    .filter(({ type, from }) => type === 'records' && from === node.id);
  expect(shown.length).toBeGreaterThan(0);
  expect(shown.length).toBeLessThanOrEqual(16);
});
