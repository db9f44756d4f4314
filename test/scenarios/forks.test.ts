import { afterEach, expect, test } from '@jest/globals';
import { utf8 } from '../../src/common/index.js';
import type { NodeId } from '../../src/common/index.js';
import type { Entry, Link } from '../../src/ports/index.js';
import { decodePeerMessage, encodeMessage, sealEntry } from '../../src/raft/index.js';
import type { Acknowledgement } from '../../src/raft/index.js';
import { acknowledgementBytes } from '../../src/raft/evidence/words.js';
import { forkEvidenceFromBytes } from '../../src/raft/forks/codec.js';
import { isProved } from '../../src/raft/forks/fork-evidence.js';
import type { Said } from '../../src/raft/forks/fork-evidence.js';
import { CheckpointCluster, CLUSTER, sign } from '../support/clusters/checkpoint-cluster.js';
import type { CheckpointNode } from '../support/clusters/checkpoint-cluster.js';
import { identityKeyOf, sealOf } from '../support/builders/ledger.js';

/*
 * Two logs of one term, and what nodes do about it: docs/decisions/0078-evidence-of-a-fork.md. The liar is a leader whose
 * process has ended, and in whose name the tests go on, with its identity key.
 */

const FORK = 'Two voters have acknowledged different logs of one term';
const LIE = 'A voter has acknowledged two logs of one term';
const STOPPED = 'No majority confirms the log of this node, which another contradicts';
const FORGED = 'A voter has not signed what it says of its log';

const clusters: CheckpointCluster[] = [];

afterEach(async () => {
  for (const cluster of clusters.splice(0)) await cluster.dispose();
});

async function started(count: number, identities = true): Promise<CheckpointCluster> {
  const cluster = await CheckpointCluster.start(count, { identities, limits: {} });
  clusters.push(cluster);
  await cluster.electAny();
  await cluster.work(3);
  return cluster;
}

/** The leader of a term whose process has ended, and which says what the test wants. */
class LyingLeader {
  readonly #cluster: CheckpointCluster;
  readonly id: NodeId;
  readonly term: number;
  readonly #last: Link;
  #round = 1_000;

  private constructor(cluster: CheckpointCluster, id: NodeId, term: number, last: Link) {
    this.#cluster = cluster;
    this.id = id;
    this.term = term;
    this.#last = last;
  }

  static async of(cluster: CheckpointCluster): Promise<LyingLeader> {
    const { leader } = cluster;
    const { term } = leader.driver.status();
    const last = leader.raft.entry(leader.raft.lastIndex);
    if (last === undefined) throw new Error('the log is empty');
    await cluster.stop(leader);
    return new LyingLeader(cluster, leader.id, term, last);
  }

  /** An entry behind the last one that all have. */
  entry(text: string): Entry {
    const { index, timeMs, hash } = this.#last;
    const fields = { index: index + 1, term: this.term, kind: 'command', timeMs } as const;
    return sealEntry(hash, { ...fields, payload: utf8(text) });
  }

  /** @param commit - What it says to be committed. */
  append(to: CheckpointNode, entry: Entry, commit = this.#last.index): void {
    const { index: prevIndex, term: prevTerm, hash: prevHash } = this.#last;
    const head = { type: 'append', from: this.id, to: to.id, term: this.term } as const;
    const round = (this.#round += 1);
    const behind = { prevIndex, prevTerm, prevHash, entries: [entry], commit };
    this.#cluster.hand({ ...head, round, ...behind });
  }

  acknowledge(to: CheckpointNode, entry: Entry): void {
    this.#cluster.hand(wordOf(this.#cluster, this.id, to.id, entry, this.term));
  }
}

/** A voter's signed word that it has the log up to this entry. */
function wordOf(
  cluster: CheckpointCluster,
  from: NodeId,
  to: NodeId,
  { index, hash }: Pick<Entry, 'index' | 'hash'>,
  term: number,
): Acknowledgement {
  const boot = new Uint8Array(16).fill(5);
  const speaker = { incarnation: 1, boot, order: 0 };
  const said = { term, index, hash, clockMs: cluster.clock.now(), ...speaker };
  const signature = sign(from, acknowledgementBytes(CLUSTER, from, said));
  return { type: 'acknowledgement', from, to, ...said, signature };
}

function isSigned({ node, word }: Said): boolean {
  return equalBytes(
    sealOf(identityKeyOf(node), acknowledgementBytes(CLUSTER, node, word)),
    word.signature,
  );
}

function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}

function living(cluster: CheckpointCluster): CheckpointNode[] {
  return cluster.nodes.filter(({ up }) => up);
}

function countOf(node: CheckpointNode, alarm: string): number {
  return node.alarms.filter((each) => each === alarm).length;
}

/** What is durable at a node of what it has found. */
async function kept({ store }: CheckpointNode) {
  return [...(await store.load()).notes]
    .filter(([name]) => name.startsWith('fork/'))
    .map(([name, bytes]) => ({ name, evidence: forkEvidenceFromBytes(bytes) }));
}

/** Of three nodes one tells each of the others another entry, acknowledges both, and is gone. */
async function forked(identities = true) {
  const cluster = await started(3, identities);
  const liar = await LyingLeader.of(cluster);
  const [one, other] = living(cluster);
  if (one === undefined || other === undefined) throw new Error('two others');
  const entries = [liar.entry('paid=alice'), liar.entry('paid=bob')] as const;
  for (const [at, node] of [one, other].entries()) {
    const entry = entries[at] ?? entries[0];
    liar.append(node, entry);
    liar.acknowledge(node, entry);
  }
  await cluster.run(50);
  return { cluster, liar, one, other, entries };
}

test('one of three acknowledges another entry to each of the others and is gone: both stop, each with one alarm and the evidence, and nothing is erased', async () => {
  const { cluster, liar, one, other, entries } = await forked();
  const index = entries[0].index;
  expect([one, other].map(({ driver }) => driver.status().commit)).toEqual([index, index]);

  await cluster.run(30_000);

  for (const [at, node] of [one, other].entries()) {
    expect(node.driver.standing).toBe('unconfirmed');
    expect(node.driver.status().standing).toBe('unconfirmed');
    expect(countOf(node, STOPPED)).toBe(1);
    expect(countOf(node, FORK)).toBe(1);
    const contested = node.driver.contested;
    expect(contested?.first).toMatchObject({
      node: one.id,
      word: { term: liar.term, index, hash: entries[0].hash },
    });
    expect(contested?.second).toMatchObject({
      node: other.id,
      word: { term: liar.term, index, hash: entries[1].hash },
    });
    expect(node.raft.entry(index)).toEqual(entries[at]);
    expect(cluster.texts(node)['paid']).toBe(['alice', 'bob'][at]);
    expect(node.driver.status().commit).toBe(index);
    expect(node.fatal).toEqual([]);
  }
});

test('the evidence is durable, proves itself to anyone with the identity keys, and stops the node in its next run, too', async () => {
  const { cluster, one, other } = await forked();
  await cluster.run(5_000);

  for (const node of [one, other]) {
    const [found] = await kept(node);
    expect(found?.name).toBe(`fork/${one.id}/${other.id}`);
    expect(found?.evidence && isProved(found.evidence, isSigned)).toBe(true);
  }
  const before = one.driver.forks();
  await cluster.restart(one);

  expect(one.driver.forks()).toEqual(before);
  expect(one.driver.standing).toBe('unconfirmed');
  await cluster.run(3_000);
  expect(countOf(one, STOPPED)).toBe(2);
});

test('without signed words the same two nodes refuse each other, and nobody says why', async () => {
  const { cluster, one, other } = await forked(false);

  await cluster.run(30_000);

  for (const node of [one, other]) {
    expect(node.driver.standing).toBe('undisputed');
    expect(node.alarms).not.toContain(STOPPED);
  }
});

test('two that were apart while they were lied to find the evidence when they meet', async () => {
  const cluster = await started(3);
  const liar = await LyingLeader.of(cluster);
  const [one, other] = living(cluster) as [CheckpointNode, CheckpointNode];
  cluster.cutOff(one);
  for (const [node, text] of [
    [one, 'paid=alice'],
    [other, 'paid=bob'],
  ] as const) {
    liar.append(node, liar.entry(text));
    liar.acknowledge(node, liar.entry(text));
  }
  await cluster.run(5_000);
  expect([one, other].map(({ driver }) => driver.standing)).toEqual(['undisputed', 'undisputed']);

  cluster.heal();
  await cluster.run(30_000);
  for (const node of [one, other]) {
    expect(node.driver.standing).toBe('unconfirmed');
    expect(countOf(node, STOPPED)).toBe(1);
  }
});

/** A follower whose process has ended tells each other node of another log than the leader's, up to its end. */
async function contradicted(count: number) {
  const cluster = await started(count);
  const { leader } = cluster;
  const { term } = leader.driver.status();
  const liar = cluster.nodes.find((node) => node !== leader) as CheckpointNode;
  const honest = cluster.nodes.filter((node) => node !== liar);
  await cluster.stop(liar);
  const last = leader.raft.entry(leader.raft.lastIndex) as Entry;
  const lie = { ...last, hash: new Uint8Array(32).fill(7) };
  for (const node of honest) cluster.hand(wordOf(cluster, liar.id, node.id, lie, term));
  await cluster.run(500);
  return { cluster, honest };
}

test.each([3, 5])(
  'of %s nodes one contradicts all others: they go on, and say that it does',
  async (count) => {
    const { cluster, honest } = await contradicted(count);
    await cluster.work(5, 'after');
    await cluster.run(10_000);

    for (const node of honest) {
      expect(countOf(node, FORK)).toBe(1);
      expect(node.driver.standing).toBe('confirmed');
      expect(node.alarms).not.toContain(STOPPED);
      expect(cluster.texts(node)['after4']).toBe('v');
    }
  },
);

test('nodes that one contradicts go on in new terms, too', async () => {
  const { cluster } = await contradicted(5);
  await cluster.stop(cluster.leader);
  await cluster.run(3_000);
  await cluster.electAny();
  await cluster.work(2, 'later');
  await cluster.run(500);

  for (const node of living(cluster)) {
    expect(node.driver.standing).toBe('confirmed');
    expect(node.alarms).not.toContain(STOPPED);
    expect(cluster.texts(node)['later1']).toBe('v');
  }
});

test('of five nodes a leader keeps one on a log of its own: that one stops, though its leader says that all is committed, and the others go on', async () => {
  const cluster = await started(5);
  const liar = await LyingLeader.of(cluster);
  const [alone, ...others] = living(cluster) as [CheckpointNode, ...CheckpointNode[]];
  const [own, common] = [liar.entry('paid=alice'), liar.entry('paid=bob')];
  for (const node of others) liar.append(node, common, common.index);
  liar.append(alone, own, own.index);
  for (const node of others) liar.acknowledge(node, common);
  liar.acknowledge(alone, own);
  // Before anyone has waited long enough for this leader to stand itself.
  await cluster.run(200);

  expect(alone.driver.status()).toMatchObject({ commit: own.index, leader: liar.id });
  expect(alone.driver.standing).toBe('unconfirmed');
  for (const node of others) expect(node.driver.standing).toBe('confirmed');

  await cluster.run(10_000);
  await cluster.electAny();
  await cluster.work(2, 'after');
  await cluster.run(1_000);
  expect(countOf(alone, STOPPED)).toBe(1);
  expect(cluster.texts(alone)['paid']).toBe('alice');
  for (const node of others) {
    expect(node.alarms).not.toContain(STOPPED);
    expect(cluster.texts(node)).toMatchObject({ paid: 'bob', after1: 'v' });
  }
});

test('two words of one node prove that it has lied, and stop nobody', async () => {
  const cluster = await started(3);
  const { leader } = cluster;
  const { term } = leader.driver.status();
  const liar = cluster.nodes.find((node) => node !== leader) as CheckpointNode;
  await cluster.stop(liar);
  const beyond = leader.raft.lastIndex + 40;
  for (const hash of [1, 2]) {
    const entry = { index: beyond, hash: new Uint8Array(32).fill(hash) };
    cluster.hand(wordOf(cluster, liar.id, leader.id, entry, term));
  }
  await cluster.run(2_000);
  await cluster.work(2, 'after');
  await cluster.run(500);

  expect(countOf(leader, LIE)).toBe(1);
  expect(leader.driver.standing).toBe('confirmed');
  expect(leader.alarms).not.toContain(STOPPED);
  expect((await kept(leader)).map(({ name }) => name)).toEqual([`fork/${liar.id}/${liar.id}`]);
});

test('a contradiction that its voter has not signed is no evidence', async () => {
  const cluster = await started(3);
  const { leader } = cluster;
  const liar = cluster.nodes.find((node) => node !== leader) as CheckpointNode;
  await cluster.stop(liar);
  const { term } = leader.driver.status();
  const entry = { index: leader.raft.lastIndex, hash: new Uint8Array(32).fill(7) };
  const word = wordOf(cluster, liar.id, leader.id, entry, term);
  cluster.hand({ ...word, signature: new Uint8Array(64).fill(1) });
  await cluster.run(2_000);

  expect(leader.alarms).toContain(FORGED);
  expect(leader.driver.forks()).toEqual([]);
  expect(leader.driver.standing).toBe('undisputed');
});

test('an idle cluster, a partition, lost words and new leaders are no contradiction', async () => {
  const cluster = await started(3);
  await cluster.run(20_000);
  for (const node of cluster.nodes) {
    cluster.cutOff(node);
    await cluster.run(5_000);
    cluster.heal();
    await cluster.electAny();
    await cluster.work(2, node.id);
  }
  cluster.alters = (_from, _to, bytes) =>
    decodePeerMessage(bytes)?.type === 'acknowledgement' ? undefined : bytes;
  await cluster.work(5, 'lossy');
  cluster.alters = (_from, _to, bytes) => {
    const message = decodePeerMessage(bytes);
    return message && encodeMessage(message);
  };
  for (const node of cluster.nodes) await cluster.restart(node);
  await cluster.run(5_000);

  for (const node of cluster.nodes) {
    expect(node.driver.standing).toBe('undisputed');
    expect(node.alarms).toEqual([]);
    expect(await kept(node)).toEqual([]);
  }
});
