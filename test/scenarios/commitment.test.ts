import { expect, test } from '@jest/globals';
import {
  appendTo,
  commands,
  entriesAfter,
  genesisOf,
  RaftCluster,
} from '../support/clusters/raft-cluster.js';

test('Figure 8: an entry of an earlier term on a majority is not committed, and can be overwritten', () => {
  const cluster = new RaftCluster(5, { limits: { appendEntriesMax: 1 } });
  const s1 = cluster.node(1);
  const s2 = cluster.node(2);
  const s3 = cluster.node(3);
  const s4 = cluster.node(4);
  const s5 = cluster.node(5);

  // (a) S1 leads term 2 and replicates index 2 to S2 only.
  cluster.loses = (message) => message.type === 'append' && message.to !== s2.id;
  cluster.elect(s1);
  const orphan = s1.raft.entry(2);
  expect(orphan).toMatchObject({ term: 2 });
  expect(s2.disk.entries[1]).toEqual(orphan);

  // (b) S1 crashes; S5 leads term 3 with votes of S3 and S4, and keeps another entry at index 2 to itself.
  cluster.crash(s1);
  cluster.loses = (message) => message.type === 'append' || message.to === s2.id;
  cluster.elect(s5);
  expect(s5.raft.entry(2)).toMatchObject({ term: 3 });

  // (c) S5 crashes; S1 leads term 4 and brings index 2 to S3: a majority has it.
  cluster.crash(s5);
  cluster.restart(s1);
  cluster.loses = (message) =>
    message.type === 'append' &&
    (message.to !== s3.id || message.entries.some(({ term }) => term === 4));
  cluster.elect(s1);
  cluster.run(12);
  expect(s1.raft.term).toBeGreaterThan(3);
  for (const node of [s1, s2, s3]) expect(node.disk.entries[1]).toEqual(orphan);
  expect(s1.raft.commit).toBe(1);

  // (d) S1 crashes; S5 is elected by those very nodes, and overwrites it.
  cluster.crash(s1);
  cluster.restart(s5);
  cluster.heal();
  cluster.elect(s5);
  for (const node of [s2, s3, s4, s5]) {
    expect(node.disk.entries[1]).toMatchObject({ term: 3 });
    expect(node.applied[1]).toMatchObject({ term: 3 });
    expect(node.alarms).toEqual([]);
  }
});

test('an entry of an earlier term is committed along with the first of the leader’s own term', () => {
  const cluster = new RaftCluster(3);
  const first = cluster.node(1);
  const second = cluster.node(2);
  const third = cluster.node(3);
  cluster.elect(first);
  cluster.loses = ({ type, to }) => type === 'append-reply' || to === third.id;
  cluster.propose(first, 'kept');
  cluster.settle();
  expect(commands(first.applied)).toEqual([]);

  cluster.crash(first);
  cluster.heal();
  cluster.elect(second);

  expect(commands(second.applied)).toEqual(['kept']);
  expect(commands(third.applied)).toEqual(['kept']);
});

test('a follower commits only entries that an append has matched, not the rest of its log', () => {
  const cluster = new RaftCluster(3);
  const follower = cluster.node(1);
  const old = cluster.node(2);
  const leader = cluster.node(3);
  const genesis = genesisOf(follower);
  const leftover = entriesAfter(genesis, { term: 2 }, { term: 2 }, { term: 2 });
  cluster.deliver(appendTo(follower, old, genesis, leftover));
  const fresh = entriesAfter(genesis, { term: 2 });
  expect(fresh[0]).toEqual(leftover[0]);
  cluster.forgetLeader(follower);

  cluster.deliver(appendTo(follower, leader, genesis, fresh, { term: 3, commit: 4 }));

  expect(follower.raft.commit).toBe(2);
  expect(follower.raft.lastIndex).toBe(4);
});

test('a follower acknowledges its matched index, not the end of its log', () => {
  const cluster = new RaftCluster(3);
  const follower = cluster.node(1);
  const old = cluster.node(2);
  const leader = cluster.node(3);
  const genesis = genesisOf(follower);
  const leftover = entriesAfter(genesis, { term: 2 }, { term: 2 }, { term: 2 });
  cluster.deliver(appendTo(follower, old, genesis, leftover));
  cluster.forgetLeader(follower);

  const answers = cluster.ask(
    appendTo(follower, leader, genesis, leftover.slice(0, 1), { term: 3 }),
  );

  expect(answers).toMatchObject([
    { type: 'append-reply', answer: { refused: undefined, match: 2 } },
  ]);
});

test('a late append that is shorter than the log truncates nothing', () => {
  const cluster = new RaftCluster(3);
  const follower = cluster.node(1);
  const leader = cluster.node(2);
  const genesis = genesisOf(follower);
  const entries = entriesAfter(genesis, { term: 2 }, { term: 2 }, { term: 2 });
  const late = appendTo(follower, leader, genesis, entries.slice(0, 1));
  cluster.deliver(appendTo(follower, leader, genesis, entries));

  cluster.deliver(late);
  cluster.deliver(appendTo(follower, leader, genesis, [], { term: 2 }));

  expect(follower.raft.lastIndex).toBe(4);
  expect(follower.disk.entries).toHaveLength(4);
});

test('late copies of every message change no committed entry', () => {
  const cluster = new RaftCluster(3);
  const leader = cluster.electAny();
  for (const text of ['a', 'b', 'c']) {
    cluster.propose(leader, text);
    cluster.settle();
  }

  const copies = cluster.sent.slice();
  for (const copy of copies) {
    cluster.deliver(copy);
    cluster.settle();
  }
  for (const copy of [...cluster.sent].toReversed()) cluster.deliver(copy);
  cluster.settle();

  for (const node of cluster.nodes) {
    expect(commands(node.applied)).toEqual(['a', 'b', 'c']);
    expect(node.alarms).toEqual([]);
    expect(node.raft.term).toBe(leader.raft.term);
  }
});

test('the leader tells followers of a commit at once, not with the next heartbeat', () => {
  const cluster = new RaftCluster(3);
  const leader = cluster.electAny();

  cluster.propose(leader, 'a');
  cluster.settle();

  for (const node of cluster.nodes) expect(commands(node.applied)).toEqual(['a']);
});

test('a follower far behind catches up within the windows, and repairs a log of other terms', () => {
  const cluster = new RaftCluster(3, {
    limits: { appendEntriesMax: 4, inFlightMessagesMax: 3 },
  });
  const first = cluster.node(1);
  const second = cluster.node(2);
  cluster.elect(first);
  cluster.isolate(first);
  for (let count = 0; count < 9; count++) cluster.propose(first, `lost ${count}`);
  cluster.elect(second);
  const texts = Array.from({ length: 40 }, (_, at) => `kept ${at}`);
  for (const text of texts) cluster.propose(second, text);
  cluster.run(10);

  cluster.heal();
  cluster.run(30);

  for (const node of cluster.nodes) expect(commands(node.applied)).toEqual(texts);
  expect(first.disk.entries).toEqual(second.disk.entries);
});

test('proposals are refused while too many bytes wait for commitment, and taken again after', () => {
  const cluster = new RaftCluster(3, { limits: { uncommittedBytesMax: 1000 } });
  const leader = cluster.electAny();
  cluster.isolate(leader);
  const results = Array.from({ length: 10 }, () => cluster.propose(leader, 'x'));
  expect(results.filter((result) => result === 'overloaded')).toHaveLength(3);

  cluster.heal();
  cluster.run(10);
  const later = Array.from({ length: 10 }, () => cluster.propose(leader, 'x'));

  expect(commands(leader.applied)).toHaveLength(7);
  expect(later.filter((result) => result === 'overloaded')).toHaveLength(3);
});

test('an acknowledgement beyond the leader’s log is an alarm, and does not count', () => {
  const cluster = new RaftCluster(3);
  const leader = cluster.electAny();
  const liar = cluster.nodes.find((node) => node !== leader);
  if (liar === undefined) return;

  cluster.deliver({
    type: 'append-reply',
    from: liar.id,
    to: leader.id,
    term: leader.raft.term,
    round: 0,
    clockMs: cluster.nowMs,
    answer: { refused: undefined, match: 50 },
  });
  cluster.propose(leader, 'a');
  cluster.settle();

  expect(leader.alarms).toEqual(['A follower acknowledges what its leader does not have']);
  expect(commands(leader.applied)).toEqual(['a']);
});
