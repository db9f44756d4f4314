import { expect, test } from '@jest/globals';
import {
  appendTo,
  commands,
  entriesAfter,
  genesisOf,
  RaftCluster,
} from '../support/clusters/raft-cluster.js';

test('the genesis is durable before anything else, and is applied on every node', () => {
  const cluster = new RaftCluster(3);

  for (const node of cluster.nodes) {
    expect(node.disk.hardState).toEqual({ term: 1, votedFor: undefined });
    expect(node.disk.entries).toMatchObject([{ index: 1, term: 1, kind: 'genesis' }]);
    expect(node.applied).toEqual(node.disk.entries);
  }
});

test('an acknowledgement leaves only when the entries are durable', () => {
  const cluster = new RaftCluster(3);
  const follower = cluster.node(1);
  const genesis = genesisOf(follower);
  follower.slowDisk = true;
  const entries = entriesAfter(genesis, { term: 2 });

  const early = cluster.ask(appendTo(follower, cluster.node(2), genesis, entries, { commit: 2 }));
  expect(early).toEqual([]);
  expect(follower.raft.commit).toBe(2);
  expect(follower.applied).toHaveLength(1);
  expect(cluster.sent).toEqual([]);
  cluster.finishWrite(follower);

  expect(follower.disk.entries).toHaveLength(2);
  expect(cluster.sent).toMatchObject([
    { type: 'append-reply', to: cluster.node(2).id, answer: { match: 2 } },
    { type: 'acknowledgement', to: cluster.node(3).id, index: 2, hash: entries[0]?.hash },
  ]);
  expect(follower.applied).toHaveLength(2);
});

test('a leader sends entries before they are durable, and counts itself only after', () => {
  const cluster = new RaftCluster(3);
  const leader = cluster.electAny();
  const [first, second] = cluster.nodes.filter((node) => node !== leader);
  if (!first || !second) return;
  leader.slowDisk = true;
  cluster.loses = ({ to, from }) => to === second.id || from === second.id;

  cluster.propose(leader, 'a');
  cluster.settle();
  expect(commands(first.disk.entries)).toEqual(['a']);
  expect(leader.raft.commit).toBe(2);
  cluster.finishWrite(leader);

  expect(leader.raft.commit).toBe(3);
  expect(commands(leader.applied)).toEqual(['a']);
});

test('followers can commit entries that the leader has not yet saved; it applies only saved ones', () => {
  const cluster = new RaftCluster(3);
  const leader = cluster.electAny();
  leader.slowDisk = true;

  cluster.propose(leader, 'a');
  cluster.settle();
  expect(leader.raft.commit).toBe(3);
  expect(commands(leader.applied)).toEqual([]);
  cluster.finishWrite(leader);

  expect(commands(leader.applied)).toEqual(['a']);
});

test('entries truncated during their write count neither as durable nor as acknowledged', () => {
  const cluster = new RaftCluster(3);
  const follower = cluster.node(1);
  const genesis = genesisOf(follower);
  follower.slowDisk = true;
  const old = entriesAfter(genesis, { term: 2, text: 'a' }, { term: 2, text: 'b' });
  const fresh = entriesAfter(genesis, { term: 3, text: 'c' });
  cluster.deliver(appendTo(follower, cluster.node(2), genesis, old));
  expect(follower.writing?.persist?.entries).toEqual(old);
  cluster.forgetLeader(follower);

  const during = cluster.ask(appendTo(follower, cluster.node(3), genesis, fresh, { commit: 2 }));
  expect(during).toEqual([]);
  expect(follower.raft.durable).toBe(1);
  const before = cluster.sent.length;
  cluster.finishWrite(follower);
  expect(follower.raft.durable).toBe(1);
  expect(follower.applied).toHaveLength(1);
  expect(follower.writing?.persist).toMatchObject({ truncateFrom: 2, entries: fresh });
  cluster.finishWrite(follower);

  expect(follower.raft.durable).toBe(2);
  expect(commands(follower.applied)).toEqual(['c']);
  expect(follower.disk.entries).toEqual([genesis, ...fresh]);
  const acknowledged = cluster.sent.slice(before).filter(({ term }) => term === 3);
  expect(acknowledged).toMatchObject([
    { type: 'append-reply', answer: { match: 2 } },
    { type: 'acknowledgement', index: 2, hash: fresh[0]?.hash },
  ]);
});

test('truncation lowers the durable index at once', () => {
  const cluster = new RaftCluster(3);
  const follower = cluster.node(1);
  const genesis = genesisOf(follower);
  const old = entriesAfter(genesis, { term: 2 }, { term: 2 }, { term: 2 });
  cluster.deliver(appendTo(follower, cluster.node(2), genesis, old));
  expect(follower.raft.durable).toBe(4);
  cluster.forgetLeader(follower);
  follower.slowDisk = true;

  const [kept] = old;
  if (kept === undefined) return;
  cluster.deliver(appendTo(follower, cluster.node(3), kept, entriesAfter(kept, { term: 3 })));

  expect(follower.raft.durable).toBe(2);
});

test('a leader whose disk delays a write for an election timeout steps down', () => {
  const cluster = new RaftCluster(3);
  const leader = cluster.electAny();
  leader.slowDisk = true;
  cluster.propose(leader, 'a');
  cluster.run(29);
  expect(leader.raft.role).toBe('leader');

  cluster.run(2);
  expect(leader.raft.role).not.toBe('leader');
  cluster.run(100);

  const next = cluster.leader;
  expect(next?.id).not.toBe(leader.id);
  expect(commands(next?.applied ?? [])).toEqual(['a']);
  cluster.finishWrite(leader);
  cluster.finishWrite(leader);
  cluster.run(10);
  expect(cluster.leader).toBe(next);
});

test('after a restart applied entries are not applied again, and later committed entries are', () => {
  const cluster = new RaftCluster(3);
  const leader = cluster.electAny();
  for (const text of ['a', 'b', 'c']) cluster.propose(leader, text);
  cluster.settle();
  const follower = cluster.nodes.find((node) => node !== leader);
  if (follower === undefined) return;
  const before = [...follower.applied];
  cluster.crash(follower);
  follower.disk.applied = 3;

  cluster.restart(follower);
  expect(follower.applied).toEqual(before.slice(0, 3));
  cluster.run(10);

  expect(follower.applied).toEqual(before);
});

test('a heartbeat of a durable log is answered while a write is under way', () => {
  const cluster = new RaftCluster(3);
  const follower = cluster.node(1);
  const genesis = genesisOf(follower);
  const [first, second] = entriesAfter(genesis, { term: 2 }, { term: 2 });
  if (!first || !second) return;
  cluster.deliver(appendTo(follower, cluster.node(2), genesis, [first]));
  follower.slowDisk = true;
  cluster.deliver(appendTo(follower, cluster.node(2), first, [second]));

  const answers = cluster.ask(appendTo(follower, cluster.node(2), first, []));

  expect(answers).toMatchObject([{ type: 'append-reply', answer: { match: 2 } }]);
});

test('an acknowledgement of entries truncated before they were saved never leaves', () => {
  const cluster = new RaftCluster(3);
  const follower = cluster.node(1);
  const genesis = genesisOf(follower);
  follower.slowDisk = true;
  const [first, second] = entriesAfter(genesis, { term: 2 }, { term: 2, text: 'gone' });
  if (!first || !second) return;
  cluster.deliver(appendTo(follower, cluster.node(2), genesis, [first]));
  cluster.deliver(appendTo(follower, cluster.node(2), first, [second]));
  cluster.forgetLeader(follower);

  cluster.deliver(appendTo(follower, cluster.node(3), first, entriesAfter(first, { term: 3 })));
  cluster.finishWrite(follower);
  cluster.finishWrite(follower);

  const answers = cluster.sent.filter(({ type }) => type === 'append-reply');
  expect(answers).toMatchObject([
    { term: 2, answer: { match: 2 } },
    { term: 3, answer: { match: 3 } },
  ]);
});
