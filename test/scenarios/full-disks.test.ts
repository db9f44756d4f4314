import { describe, expect, test } from '@jest/globals';
import type { RoomLevel } from '../../src/ports/index.js';
import { PROMISES_MAX, ROOM_TRANSFER_EVERY_MS } from '../../src/raft/limits.js';
import {
  appendTo,
  commands,
  entriesAfter,
  genesisOf,
  RaftCluster,
} from '../support/clusters/raft-cluster.js';
import type { Node } from '../support/clusters/raft-cluster.js';

/* A disk that fills stops nothing that can still be undone, and nothing is acknowledged that is not durable. */

type Led = {
  readonly cluster: RaftCluster;
  readonly leader: Node;
  readonly one: Node;
  readonly other: Node;
};

function led(level?: number): Led {
  const cluster = new RaftCluster(3, {}, level);
  const leader = cluster.electAny();
  cluster.run(20);
  const [one, other] = cluster.nodes.filter((node) => node !== leader);
  if (one === undefined || other === undefined) throw new Error('three nodes');
  return { cluster, leader, one, other };
}

function setRoom(room: RoomLevel, ...nodes: readonly Node[]): void {
  for (const { raft } of nodes) raft.setRoom(room);
}

describe('a follower without room', () => {
  test('takes no entry and says so, and has all of them when there is room again', () => {
    const { cluster, leader, one, other } = led();
    setRoom('none', one);
    const before = one.disk.entries.length;

    for (let at = 0; at < 50; at++) cluster.propose(leader, `entry ${at}`);
    cluster.run(100);

    expect(one.disk.entries).toHaveLength(before);
    expect(commands(other.applied)).toHaveLength(50);
    const last = cluster.sent.findLast(
      (message) => message.type === 'append-reply' && message.from === one.id,
    );
    expect(last).toMatchObject({ answer: { refused: 'room', match: before } });
    // It is heard, so the leader leads on, and it follows.
    expect([cluster.leader, one.raft.leader]).toEqual([leader, leader.id]);

    setRoom('low', one);
    cluster.run(20);

    expect(commands(one.disk.entries)).toEqual(commands(leader.disk.entries));
    expect(commands(one.applied)).toHaveLength(50);
  });

  test('is asked with one entry at a time', () => {
    const { cluster, leader, one } = led();
    setRoom('none', one);
    for (let at = 0; at < 50; at++) cluster.propose(leader, `entry ${at}`);
    cluster.run(20);
    const before = cluster.sent.length;

    cluster.run(50);

    const appends = cluster.sent
      .slice(before)
      .filter((message) => message.type === 'append' && message.to === one.id);
    const counts = appends.map((each) => (each.type === 'append' ? each.entries.length : 0));
    expect(counts.length).toBeGreaterThan(3);
    expect(Math.max(...counts)).toBe(1);
  });

  test('truncates nothing for entries that it does not take', () => {
    const cluster = new RaftCluster(3);
    const [follower, leader] = [cluster.node(1), cluster.node(2)];
    const genesis = genesisOf(follower);
    const old = entriesAfter(genesis, { term: 2, text: 'a' }, { term: 2, text: 'b' });
    cluster.deliver(appendTo(follower, leader, genesis, old));
    cluster.forgetLeader(follower);
    setRoom('none', follower);

    const fresh = entriesAfter(genesis, { term: 3, text: 'c' });
    const answers = cluster.ask(appendTo(follower, cluster.node(3), genesis, fresh));

    expect(answers).toMatchObject([
      { type: 'append-reply', term: 3, answer: { refused: 'room', match: 1 } },
    ]);
    expect(commands(follower.disk.entries)).toEqual(['a', 'b']);
    expect(follower.disk.hardState.term).toBe(3);
  });

  test('votes, durably', () => {
    const { cluster, leader, one, other } = led();
    setRoom('none', one);
    cluster.isolate(leader);

    cluster.elect(other);

    const { term } = other.raft;
    expect(one.disk.hardState).toEqual({ term, votedFor: other.id });
    expect(one.raft.leader).toBe(other.id);
  });

  test('takes entries below feature level 3, whose leaders do not know the answer', () => {
    const { cluster, leader, one } = led(2);
    setRoom('none', one);

    cluster.propose(leader, 'a');
    cluster.run(20);

    expect(commands(one.disk.entries)).toEqual(['a']);
  });
});

describe('a leader', () => {
  test('that is low on room hands leadership to a node that is not', () => {
    const { cluster, leader, one, other } = led();
    setRoom('low', leader, one);

    cluster.run(5 * leader.raft.timing.electionTicksMax);

    expect(cluster.leader).toBe(other);
    expect(cluster.propose(other, 'a')).toMatchObject({ kind: 'command' });
  });

  test('stays where all are low: no node stands, no entry is written, and what is new is refused', () => {
    const { cluster, leader } = led();
    setRoom('low', ...cluster.nodes);
    const { term, lastIndex } = leader.raft;

    cluster.run((3 * ROOM_TRANSFER_EVERY_MS) / leader.raft.timing.tickMs);

    expect(cluster.leader).toBe(leader);
    expect(leader.raft).toMatchObject({ term, lastIndex, hasRoomForNew: false });
    // What is under way goes on.
    expect(cluster.propose(leader, 'a result')).toMatchObject({ kind: 'command' });

    setRoom('enough', ...cluster.nodes);
    expect(leader.raft.hasRoomForNew).toBe(true);
  });

  test('that has no room appends nothing, and takes entries again when there is some', () => {
    const { cluster, leader } = led();
    setRoom('none', ...cluster.nodes);
    const { lastIndex } = leader.raft;

    expect(cluster.propose(leader, 'a')).toBe('no-room');
    expect(leader.raft.lastIndex).toBe(lastIndex);

    setRoom('enough', ...cluster.nodes);
    expect(cluster.propose(leader, 'a')).toMatchObject({ index: lastIndex + 1 });
  });

  test('takes nothing new while so many have no room that the rest is no majority, and leads on', () => {
    const { cluster, leader, one, other } = led();
    setRoom('none', one, other);
    cluster.propose(leader, 'a');
    cluster.run(200);

    expect(cluster.leader).toBe(leader);
    expect(leader.raft.hasRoomForNew).toBe(false);
    expect(commands(leader.applied)).toEqual([]);

    setRoom('enough', one);
    cluster.run(20);

    expect(leader.raft.hasRoomForNew).toBe(true);
    expect(commands(leader.applied)).toEqual(['a']);
  });
});

test('a node that is low on room lets the others stand first, and stands where nobody else does', () => {
  const { cluster, leader, one, other } = led();
  setRoom('low', one);
  cluster.crash(leader);
  const { electionTicksMax } = one.raft.timing;

  cluster.run(3 * electionTicksMax);
  expect(cluster.leader).toBe(other);

  setRoom('low', other);
  cluster.crash(other);
  cluster.restart(leader);
  setRoom('low', leader);
  cluster.run(8 * electionTicksMax);
  expect(cluster.leader).toBeDefined();
});

test('promises that wait for a write which finds no room stay a bounded number', () => {
  const { cluster, leader, one, other } = led();
  one.slowDisk = true;
  cluster.propose(leader, 'a');
  cluster.settle();
  expect(one.writing).toBeDefined();

  cluster.run(3 * PROMISES_MAX);
  expect(commands(other.applied)).toEqual(['a']);
  const before = cluster.sent.length;
  one.slowDisk = false;
  cluster.finishWrite(one);

  const left = cluster.sent.slice(before).filter(({ from }) => from === one.id);
  expect(left.length).toBeGreaterThan(0);
  expect(left.length).toBeLessThanOrEqual(PROMISES_MAX + 10);
  cluster.run(50);
  expect(commands(one.applied)).toEqual(['a']);
});
