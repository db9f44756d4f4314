import { describe, expect, test } from '@jest/globals';
import type { Entry } from '../../src/ports/index.js';
import { ENTRY_OVERHEAD_BYTES } from '../../src/raft/limits.js';
import { appendTo, commands, entriesAfter, RaftCluster } from '../support/clusters/raft-cluster.js';
import type { Node } from '../support/clusters/raft-cluster.js';

/** So many small entries are kept in memory, and go into one append. */
const KEPT = 8;
const PAGE = 4;
const ENTRY_BYTES = ENTRY_OVERHEAD_BYTES + 8;
const LIMITS = {
  logMemoryBytesMax: KEPT * ENTRY_BYTES,
  appendBytesMax: PAGE * ENTRY_BYTES,
  inFlightMessagesMax: 3,
};

const cluster3 = (): RaftCluster => new RaftCluster(3, { limits: LIMITS });

/** Proposes so many commands on `leader`, and settles. */
function work(cluster: RaftCluster, leader: Node, count: number, word = 'c'): void {
  for (let at = 0; at < count; at++) {
    cluster.propose(leader, `${word} ${at}`);
    cluster.settle();
  }
}

/** The index of a node's first entry in memory. */
function firstInMemory({ raft }: Node): number {
  let index = raft.lastIndex;
  while (raft.entry(index) !== undefined) index -= 1;
  return index + 1;
}

function expectEqualLogs(cluster: RaftCluster): void {
  const [first, ...others] = cluster.nodes.map(({ disk }) => disk.entries);
  for (const entries of others) expect(entries).toEqual(first);
}

test('a node keeps the newest entries in memory, and applies all', () => {
  const cluster = cluster3();
  cluster.elect(cluster.node(1));

  work(cluster, cluster.node(1), 100);
  cluster.run(20);

  for (const node of cluster.nodes) {
    expect(node.raft.memoryBytes).toBeLessThanOrEqual(LIMITS.logMemoryBytesMax);
    expect(firstInMemory(node)).toBeGreaterThan(90);
    expect(commands(node.applied)).toHaveLength(100);
  }
  expectEqualLogs(cluster);
});

test('a follower that was away gets from its leader’s disk what is not in memory, and hears heartbeats meanwhile', () => {
  const cluster = cluster3();
  const [leader, away] = [cluster.node(1), cluster.node(3)];
  cluster.elect(leader);
  work(cluster, leader, 5);
  cluster.isolate(away);
  work(cluster, leader, 100, 'd');
  expect(firstInMemory(leader)).toBeGreaterThan(away.raft.lastIndex + 1);
  const term = leader.raft.term;
  cluster.heal();

  cluster.run(40);

  expect(away.applied).toEqual(leader.applied);
  expectEqualLogs(cluster);
  expect([leader.raft.role, leader.raft.term]).toEqual(['leader', term]);
  expect(cluster.nodes.flatMap(({ alarms }) => alarms)).toEqual([]);
});

test('appends of old entries keep to the window: no more are under way than of new ones', () => {
  const cluster = cluster3();
  const [leader, away] = [cluster.node(1), cluster.node(3)];
  cluster.elect(leader);
  cluster.isolate(away);
  work(cluster, leader, 100);
  cluster.heal();
  let most = 0;
  const sizes: number[] = [];

  for (let tick = 0; tick < 200 && away.raft.lastIndex < leader.raft.lastIndex; tick++) {
    cluster.tick(...cluster.nodes);
    while (cluster.queue.length > 0) {
      const waiting = cluster.queue.filter(
        (each) => each.type === 'append' && each.to === away.id && each.entries.length > 0,
      );
      most = Math.max(most, waiting.length);
      const message = cluster.queue.shift();
      if (message === undefined) break;
      if (message.type === 'append' && message.to === away.id) sizes.push(message.entries.length);
      cluster.deliver(message);
    }
  }

  expect(away.raft.lastIndex).toBe(leader.raft.lastIndex);
  expect(most).toBe(LIMITS.inFlightMessagesMax);
  expect(sizes.length).toBeGreaterThan(100 / PAGE);
  expect(Math.max(...sizes)).toBe(PAGE);
});

test('signing goes on while a follower gets old entries: new ones reach the others at once', () => {
  const cluster = cluster3();
  const [leader, away] = [cluster.node(1), cluster.node(3)];
  cluster.elect(leader);
  cluster.isolate(away);
  work(cluster, leader, 100);
  cluster.loses = ({ type, from }) => type === 'append-reply' && from === away.id;

  cluster.run(10);
  work(cluster, leader, 5, 'new');

  expect(commands(cluster.node(2).applied).slice(-5)).toHaveLength(5);
  expect(away.raft.lastIndex).toBeLessThan(leader.raft.lastIndex);
  cluster.heal();
  cluster.run(80);
  expectEqualLogs(cluster);
});

test('a new leader finds where a log agrees that is behind all that it has in memory', () => {
  const cluster = cluster3();
  const [first, second, third] = [cluster.node(1), cluster.node(2), cluster.node(3)];
  cluster.elect(first);
  work(cluster, first, 10);
  // A tail of the first leader that no other node has.
  cluster.isolate(first);
  for (let at = 0; at < 30; at++) cluster.propose(first, `lost ${at}`);
  cluster.queue = [];
  cluster.elect(second);
  work(cluster, second, 100, 'kept');
  expect(firstInMemory(second)).toBeGreaterThan(first.raft.lastIndex);
  cluster.heal();

  cluster.run(80);

  expectEqualLogs(cluster);
  expect(commands(first.applied).some((text) => text.startsWith('lost'))).toBe(false);
  expect([first, third].map(({ raft }) => raft.commit)).toEqual(
    [first, third].map(() => second.raft.commit),
  );
  expect(cluster.nodes.flatMap(({ alarms }) => alarms)).toEqual([]);
});

test('a node applies from its disk what is committed and not in memory any more', () => {
  const cluster = cluster3();
  const leader = cluster.node(1);
  cluster.elect(leader);
  work(cluster, leader, 60);
  const restarted = cluster.node(2);
  cluster.crash(restarted);
  // The state is far behind the log: its writes had not become durable.
  restarted.disk.applied = 3;
  cluster.restart(restarted);
  // Not known to be committed yet, so all of it is in memory, and may be truncated.
  expect(firstInMemory(restarted)).toBe(4);

  cluster.run(40);
  work(cluster, leader, 20, 'more');

  expect(restarted.applied).toEqual(leader.applied);
  expect(restarted.raft.memoryBytes).toBeLessThanOrEqual(LIMITS.logMemoryBytesMax);
});

test('a state that lags far behind the commit is read from the disk, page by page', () => {
  const cluster = new RaftCluster(3, { limits: { ...LIMITS, inFlightMessagesMax: 256 } });
  const [leader, slow] = [cluster.node(1), cluster.node(2)];
  cluster.elect(leader);
  // Written and known to be committed, but not applied: as when applying takes long.
  slow.slowDisk = true;
  work(cluster, leader, 40);
  slow.slowDisk = false;
  cluster.finishWrite(slow);
  cluster.run(40);

  expect(slow.applied).toEqual(leader.applied);
  expect(slow.pagesRead).toBeGreaterThan(1);
  expect(slow.raft.unreadBehind).toBeUndefined();
});

/** A follower whose first 90 entries or more are on its disk alone, and its leader. */
function longFollower(): { cluster: RaftCluster; leader: Node; follower: Node; log: Entry[] } {
  const cluster = cluster3();
  const [leader, follower] = [cluster.node(1), cluster.node(2)];
  cluster.elect(leader);
  work(cluster, leader, 100);
  cluster.queue = [];
  return { cluster, leader, follower, log: [...follower.disk.entries] };
}

describe('an append about entries that a follower has not in memory', () => {
  test('a late copy changes nothing, and is answered as an equal log', () => {
    const { cluster, leader, follower, log } = longFollower();
    const [previous, ...next] = log.slice(20, 25);
    if (previous === undefined) return;
    const late = appendTo(follower, leader, previous, next, { term: leader.raft.term });

    const answers = cluster.ask(late);

    expect(answers).toMatchObject([
      { type: 'append-reply', answer: { refused: undefined, match: 25 } },
    ]);
    expect(follower.disk.entries).toEqual(log);
    expect(follower.alarms).toEqual([]);
  });

  test('other entries in place of those that are committed are never written, whatever their hash', () => {
    const { cluster, leader, follower, log } = longFollower();
    const previous = log[20];
    if (previous === undefined) return;
    const { term } = leader.raft;
    const forged = entriesAfter(previous, { term, text: 'forged' }, { term, text: 'forged too' });

    cluster.deliver(appendTo(follower, leader, previous, forged, { term }));

    expect(follower.disk.entries).toEqual(log);
    expect(follower.raft.lastIndex).toBe(log.length);
  });

  test('a chain that goes on from forged old entries is refused where it meets what is in memory', () => {
    const { cluster, leader, follower, log } = longFollower();
    const previous = log[20];
    if (previous === undefined) return;
    const { term } = leader.raft;
    const forged = entriesAfter(previous, ...Array.from({ length: 100 }, () => ({ term })));

    expect(cluster.ask(appendTo(follower, leader, previous, forged, { term }))).toEqual([]);

    expect(follower.alarms).toEqual([
      'An append has another entry at an index and term of our log',
    ]);
    expect(follower.disk.entries).toEqual(log);
  });

  test('a leader of a later term that has another term there contradicts what is committed', () => {
    const { cluster, follower, log } = longFollower();
    const previous = log[20];
    if (previous === undefined) return;
    cluster.forgetLeader(follower);
    const term = follower.raft.term + 1;
    const forged = entriesAfter(previous, { term, text: 'forged' });

    cluster.deliver(appendTo(follower, cluster.node(3), previous, forged, { term }));

    expect(follower.alarms).toEqual(['An append contradicts a committed entry']);
    expect(follower.disk.entries).toEqual(log);
  });
});

test('a damaged entry on the disk is data loss when it is read, and is sent to nobody', () => {
  const cluster = cluster3();
  const [leader, away] = [cluster.node(1), cluster.node(3)];
  cluster.elect(leader);
  cluster.isolate(away);
  work(cluster, leader, 100);
  cluster.heal();
  const entry = leader.disk.entries[10];
  if (entry === undefined) return;
  leader.disk.entries[10] = { ...entry, payload: Uint8Array.of(1, 2, 3) };

  expect(() => cluster.run(60)).toThrow(
    expect.objectContaining({ code: 'data-loss', reason: 'LOG_DAMAGED' }),
  );
  expect(away.disk.entries.some(({ payload }) => payload.length === 3)).toBe(false);
});
