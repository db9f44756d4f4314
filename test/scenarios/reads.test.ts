import { expect, test } from '@jest/globals';
import { RaftCluster } from '../support/clusters/raft-cluster.js';

test('a read sees the entries committed before it, on the leader and on a follower', () => {
  const cluster = new RaftCluster(3);
  const leader = cluster.electAny();
  cluster.propose(leader, 'a');
  cluster.settle();

  const ids = cluster.nodes.map((node) => cluster.read(node));
  cluster.settle();

  cluster.nodes.forEach((node, at) => expect(node.reads.get(ids[at] ?? 0)).toBe(3));
});

test('a read on a deposed leader fails, while the new one commits', () => {
  const cluster = new RaftCluster(3);
  const old = cluster.electAny();
  cluster.isolate(old);

  const id = cluster.read(old);
  cluster.settle();
  expect(old.reads.has(id)).toBe(false);
  cluster.run(100);

  expect(cluster.leader).not.toBe(old);
  expect(old.reads.get(id)).toBeUndefined();
  expect(old.reads.has(id)).toBe(true);
});

test('answers to messages sent before a read do not confirm it', () => {
  const cluster = new RaftCluster(3);
  const leader = cluster.electAny();
  cluster.propose(leader, 'a');
  // The followers answer, and only then does the read come.
  for (const message of cluster.queue.splice(0)) cluster.deliver(message);
  const early = cluster.queue.splice(0);
  const id = cluster.read(leader);

  for (const message of early) cluster.deliver(message);
  expect(leader.reads.has(id)).toBe(false);
  cluster.settle();

  // A follower may have known of the command's commit before the read came.
  expect(leader.reads.get(id)).toBe(3);
  expect(leader.raft.commit).toBe(3);
});

test('a new leader answers no read before an entry of its own term is committed', () => {
  const cluster = new RaftCluster(3);
  const first = cluster.electAny();
  cluster.propose(first, 'a');
  cluster.settle();
  cluster.crash(first);
  const second = cluster.nodes.find((node) => node !== first);
  if (second === undefined) return;
  cluster.loses = ({ type, from }) => type === 'append-reply' && from !== second.id;
  cluster.elect(second);
  const held = second.raft.commit;

  const id = cluster.read(second);
  cluster.run(10);
  expect(second.raft.role).toBe('leader');
  expect(second.reads.has(id)).toBe(false);
  cluster.heal();
  cluster.run(10);

  expect(second.reads.get(id)).toBeGreaterThan(held);
});

test('reads that arrive during a round share the next round', () => {
  const cluster = new RaftCluster(3);
  const leader = cluster.electAny();
  const before = cluster.sent.length;

  const ids = Array.from({ length: 100 }, () => cluster.read(leader));
  cluster.settle();

  for (const id of ids) expect(leader.reads.get(id)).toBe(leader.raft.commit);
  const rounds = cluster.sent.slice(before).filter(({ type }) => type === 'append');
  expect(rounds).toHaveLength(4);
});

test('a lost read request is sent again; a read that is never answered is given up', () => {
  const cluster = new RaftCluster(3);
  const leader = cluster.electAny();
  const follower = cluster.nodes.find((node) => node !== leader);
  if (follower === undefined) return;
  cluster.loses = ({ type }) => type === 'read-request';
  const lost = cluster.read(follower);
  cluster.run(3);
  cluster.heal();
  cluster.run(6);
  expect(follower.reads.get(lost)).toBe(leader.raft.commit);

  cluster.loses = ({ type }) => type === 'read-reply';
  const never = cluster.read(follower);
  cluster.run(61);

  expect(follower.reads.has(never)).toBe(true);
  expect(follower.reads.get(never)).toBeUndefined();
});

test('a read without a leader is refused at once', () => {
  const cluster = new RaftCluster(3);
  const node = cluster.node(1);

  const id = cluster.read(node);

  expect(node.reads.has(id)).toBe(true);
  expect(node.reads.get(id)).toBeUndefined();
});

test('an answer to a read of an earlier process does not answer a read of this process', () => {
  const cluster = new RaftCluster(3);
  const leader = cluster.electAny();
  const follower = cluster.nodes.find((node) => node !== leader);
  if (follower === undefined) return;
  const early = cluster.read(follower);
  cluster.settle();
  expect(follower.reads.get(early)).toBe(2);
  const answer = cluster.sent.findLast(({ type }) => type === 'read-reply');
  cluster.crash(follower);
  cluster.propose(leader, 'a');
  cluster.settle();
  cluster.restart(follower);
  cluster.run(6);

  cluster.loses = ({ type }) => type === 'read-request';
  const id = cluster.read(follower);
  if (answer !== undefined) cluster.deliver(answer);

  expect(follower.reads.has(id)).toBe(false);
});

test('a node that does not lead refuses a read request', () => {
  const cluster = new RaftCluster(3);
  const leader = cluster.electAny();
  const followers = cluster.nodes.filter((node) => node !== leader);
  const [asked, asking] = followers;
  if (!asked || !asking) return;

  const answers = cluster.ask({
    type: 'read-request',
    from: asking.id,
    to: asked.id,
    term: leader.raft.term,
    readId: 5,
  });

  expect(answers).toMatchObject([{ type: 'read-reply', readId: 5, index: undefined }]);
});
