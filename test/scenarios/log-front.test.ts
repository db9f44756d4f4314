import { expect, test } from '@jest/globals';
import { ENTRY_OVERHEAD_BYTES } from '../../src/raft/limits.js';
import { commands, RaftCluster } from '../support/clusters/raft-cluster.js';
import type { Node } from '../support/clusters/raft-cluster.js';

const ENTRY_BYTES = ENTRY_OVERHEAD_BYTES + 8;
/** So many entries stay in memory, and so many more on disk. */
const KEPT = 10;
const LIMITS = {
  logMemoryBytesMax: KEPT * ENTRY_BYTES,
  logKeptBytesMax: KEPT * ENTRY_BYTES,
  logPartBytes: 3 * ENTRY_BYTES,
};

const cluster3 = (level?: number): RaftCluster => new RaftCluster(3, { limits: LIMITS }, level);

function work(cluster: RaftCluster, leader: Node, count: number, word = 'c'): void {
  for (let at = 0; at < count; at++) {
    cluster.propose(leader, `${word} ${at}`);
    cluster.settle();
  }
}

const frontOf = ({ disk }: Node): number => disk.front?.before.index ?? 0;

function expectNoAlarm(cluster: RaftCluster): void {
  expect(cluster.nodes.flatMap(({ alarms }) => alarms)).toEqual([]);
}

test('every node removes the front of its log once all voters have it, and keeps a bounded rest', () => {
  const cluster = cluster3();
  cluster.elect(cluster.node(1));

  work(cluster, cluster.node(1), 200);
  cluster.run(10);

  for (const node of cluster.nodes) {
    expect(node.raft.lastIndex - frontOf(node)).toBeLessThan(4 * KEPT);
    expect(frontOf(node)).toBeGreaterThan(150);
    expect(commands(node.applied)).toHaveLength(200);
  }
  expectNoAlarm(cluster);
});

test('nothing is removed that a voter lacks, however long it is away, and then it gets all', () => {
  const cluster = cluster3();
  const [leader, away] = [cluster.node(1), cluster.node(3)];
  cluster.elect(leader);
  work(cluster, leader, 60);
  cluster.isolate(away);
  const last = away.raft.lastIndex;

  work(cluster, leader, 300, 'd');
  for (const node of cluster.nodes) expect(frontOf(node)).toBeLessThanOrEqual(last);
  cluster.heal();
  cluster.run(60);
  work(cluster, leader, 100, 'e');
  cluster.run(20);

  expect(away.applied).toEqual(leader.applied);
  for (const node of cluster.nodes) expect(frontOf(node)).toBeGreaterThan(last + 200);
  expectNoAlarm(cluster);
});

test('a node that keeps a record of what it applies removes nothing that the record lacks', () => {
  const cluster = cluster3();
  const [leader, slow] = [cluster.node(1), cluster.node(2)];
  cluster.elect(leader);
  work(cluster, leader, 40);
  slow.raft.recordedTo(30);
  work(cluster, leader, 100);
  cluster.run(10);

  expect(frontOf(slow)).toBeLessThanOrEqual(30);
  expect(frontOf(leader)).toBeGreaterThan(60);

  slow.raft.recordedTo(130);
  work(cluster, leader, 60);
  cluster.run(10);
  expect(frontOf(slow)).toBeGreaterThan(60);
  expect(frontOf(slow)).toBeLessThanOrEqual(130);
  expectNoAlarm(cluster);
});

test('below the level no log loses its front: older builds read all of it', () => {
  const cluster = cluster3(2);
  cluster.elect(cluster.node(1));

  work(cluster, cluster.node(1), 200);

  expect(cluster.nodes.map(frontOf)).toEqual([0, 0, 0]);
});

test('a node starts from a log without its front, leads, and brings others up to date', () => {
  const cluster = cluster3();
  const [first, second, third] = [cluster.node(1), cluster.node(2), cluster.node(3)];
  cluster.elect(first);
  work(cluster, first, 100);
  cluster.isolate(third);
  work(cluster, first, 5, 'without the third');
  cluster.crash(first);
  cluster.crash(second);
  cluster.heal();
  cluster.restart(second);
  cluster.restart(first);
  expect(frontOf(second)).toBeGreaterThan(0);

  cluster.elect(second);
  work(cluster, second, 100, 'later');
  cluster.run(20);

  expect([first, third].map(({ applied }) => applied)).toEqual([second.applied, second.applied]);
  expectNoAlarm(cluster);
});

test('the state is durable with the removal at the latest: a crash before it leaves both', () => {
  const cluster = cluster3();
  const [leader, slow] = [cluster.node(1), cluster.node(2)];
  cluster.elect(leader);
  for (let at = 0; at < 150; at++) {
    work(cluster, leader, 1, `c ${at}`);
    expect(frontOf(slow)).toBeLessThanOrEqual(slow.disk.applied);
  }
  slow.slowDisk = true;
  work(cluster, leader, 30, 'lost');
  const [front, applied] = [frontOf(slow), slow.disk.applied];
  cluster.crash(slow);
  slow.slowDisk = false;

  cluster.restart(slow);
  cluster.run(30);

  expect(front).toBeLessThanOrEqual(applied);
  expect(slow.applied).toEqual(leader.applied);
});

test('a voter whose disk is an old one gets no entries that all have removed: the next leader raises an alarm', () => {
  const cluster = cluster3();
  const [leader, restored] = [cluster.node(1), cluster.node(3)];
  cluster.elect(leader);
  work(cluster, leader, 5);
  const { entries, ...rest } = restored.disk;
  const old = { ...rest, entries: [...entries], front: undefined };
  work(cluster, leader, 100);
  expect(frontOf(leader)).toBeGreaterThan(old.entries.length);
  cluster.crash(restored);
  restored.disk = old;

  cluster.restart(restored);
  const next = cluster.node(2);
  cluster.crash(leader);
  cluster.elect(next);
  cluster.restart(leader);
  cluster.run(100);
  work(cluster, next, 5, 'without it');

  expect(new Set(next.alarms)).toEqual(
    new Set(['A follower lacks entries that it has acknowledged and all have removed']),
  );
  expect(restored.raft.lastIndex).toBe(old.entries.length);
  expect(commands(leader.applied).slice(-1)).toEqual(['without it 4']);
  expect(next.raft.role).toBe('leader');
});

test('a follower that claims to lack what was removed is not sent the log in circles', () => {
  const cluster = cluster3();
  const [leader, liar] = [cluster.node(1), cluster.node(3)];
  cluster.elect(leader);
  work(cluster, leader, 100);
  cluster.isolate(liar);
  const { term } = leader.raft;
  const before = cluster.sent.length;

  for (let prevIndex = leader.raft.lastIndex; prevIndex > 0; prevIndex--) {
    cluster.deliver({
      type: 'append-reply',
      from: liar.id,
      to: leader.id,
      term,
      round: 0,
      clockMs: cluster.nowMs,
      answer: { refused: 'conflict', prevIndex, hintIndex: 0, hintTerm: 0 },
    });
  }

  const appends = cluster.sent
    .slice(before)
    .filter(({ to, type }) => to === liar.id && type === 'append');
  expect(appends.length).toBeLessThan(5);
  expect(frontOf(leader)).toBeGreaterThan(0);
});

test('at a certified checkpoint the front goes though a voter is away, which then gets heartbeats alone', () => {
  const cluster = cluster3();
  const [leader, second, away] = [cluster.node(1), cluster.node(2), cluster.node(3)];
  cluster.elect(leader);
  work(cluster, leader, 20);
  cluster.isolate(away);
  const last = away.raft.lastIndex;
  work(cluster, leader, 100);

  // The checkpoint of another node is none of ours.
  leader.raft.certified(100);
  work(cluster, leader, 60);
  expect(frontOf(leader)).toBeGreaterThan(last);
  expect(frontOf(leader)).toBeLessThanOrEqual(100);
  expect(frontOf(second)).toBeLessThanOrEqual(last);

  cluster.heal();
  cluster.run(100);
  expect(leader.raft.lacking).toEqual([away.id]);
  expect(leader.raft.role).toBe('leader');
  expect(away.raft.leader).toBe(leader.id);
  const before = cluster.sent.length;
  work(cluster, leader, 10);
  cluster.run(100);
  const sent = cluster.sent
    .slice(before)
    .filter(({ to, type }) => to === away.id && type === 'append');
  expect(sent.length).toBeGreaterThan(5);
  expect(sent.every((append) => append.type === 'append' && append.entries.length === 0)).toBe(
    true,
  );

  // Its word that it has all is put to the proof.
  leader.raft.snapshotHeld(away.id, 2 ** 40);
  expect(leader.raft.lacking).toEqual([]);
  cluster.run(100);
  expect(leader.raft.lacking).toEqual([away.id]);
  expectNoAlarm(cluster);

  // A leader that has the whole log has no need of a snapshot.
  cluster.crash(leader);
  cluster.elect(second);
  work(cluster, second, 5);
  cluster.run(20);
  expect(second.raft.lacking).toEqual([]);
  expect(away.applied).toEqual(second.applied);
});

test('a checkpoint that is not applied here, or not committed, lets nothing go', () => {
  const cluster = cluster3();
  const [leader, away] = [cluster.node(1), cluster.node(3)];
  cluster.elect(leader);
  cluster.isolate(away);
  const last = away.raft.lastIndex;
  leader.raft.certified(10_000);
  work(cluster, leader, 100);
  expect(frontOf(leader)).toBeLessThanOrEqual(leader.disk.applied);
  expect(frontOf(leader)).toBeGreaterThan(last);
});

test('a state is of use to a log that lacks its entry, and only where nothing goes back', () => {
  const cluster = cluster3();
  const [leader, away] = [cluster.node(1), cluster.node(3)];
  cluster.elect(leader);
  work(cluster, leader, 5);
  cluster.isolate(away);
  work(cluster, leader, 20);
  const entry = leader.raft.entry(leader.raft.commit - 3);
  if (entry === undefined) throw new Error('it is in memory');
  const lacks = (change: object): boolean => away.raft.lacks({ ...entry, ...change });

  expect(lacks({})).toBe(true);
  expect(lacks({ index: away.raft.commit })).toBe(false);
  expect(lacks({ term: leader.raft.term + 1 })).toBe(false);
  expect(lacks({ timeMs: entry.timeMs - 1_000_000 })).toBe(false);
  expect(leader.raft.lacks(entry)).toBe(false);

  cluster.heal();
  cluster.run(20);
  expect(lacks({})).toBe(false);
});
