import { expect, test } from '@jest/globals';
import { commands, RaftCluster } from '../../support/clusters/raft-cluster.js';

test.each([1, 2, 3, 5])('%i nodes elect a leader, which commits on all of them', (count) => {
  const cluster = new RaftCluster(count);

  const leader = cluster.electAny();
  cluster.propose(leader, 'a');
  cluster.propose(leader, 'b');
  cluster.settle();

  for (const node of cluster.nodes) {
    expect(commands(node.applied)).toEqual(['a', 'b']);
    expect(node.applied.map(({ kind }) => kind)).toEqual([
      'genesis',
      'no-op',
      'command',
      'command',
    ]);
    expect(node.raft.caughtUp()).toBe(true);
    expect(node.alarms).toEqual([]);
  }
});

test('a new leader replaces a lost one, and no committed entry is lost', () => {
  const cluster = new RaftCluster(3);
  const first = cluster.electAny();
  cluster.propose(first, 'a');
  cluster.settle();

  cluster.crash(first);
  cluster.run(200);
  const second = cluster.leader;
  expect(second).toBeDefined();
  if (second === undefined) return;
  cluster.propose(second, 'b');
  cluster.settle();
  cluster.restart(first);
  cluster.run(20);

  for (const node of cluster.nodes) {
    expect(commands(node.applied)).toEqual(['a', 'b']);
    expect(node.raft.term).toBe(second.raft.term);
  }
});

test('a read on any node is confirmed by a majority', () => {
  const cluster = new RaftCluster(3);
  const leader = cluster.electAny();
  cluster.propose(leader, 'a');
  cluster.settle();

  const ids = cluster.nodes.map((node) => cluster.read(node));
  cluster.settle();

  cluster.nodes.forEach((node, at) =>
    expect(node.reads.get(ids[at] ?? 0)).toBe(leader.raft.commit),
  );
});
