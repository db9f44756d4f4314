import { expect, test } from '@jest/globals';
import { majorityOf } from '../../../src/raft/quorum.js';
import {
  appendTo,
  commands,
  entriesAfter,
  genesisOf,
  RaftCluster,
} from '../../support/clusters/raft-cluster.js';
import type { Node } from '../../support/clusters/raft-cluster.js';

/* One test for each sentence of the Raft paper (extended version, §5 to §8) that holds here; its section stands in the name. */

function threeAndLeader(): { cluster: RaftCluster; leader: Node; others: [Node, Node] } {
  const cluster = new RaftCluster(3);
  const leader = cluster.node(1);
  cluster.elect(leader);
  return { cluster, leader, others: [cluster.node(2), cluster.node(3)] };
}

const voteRequest = (from: Node, to: Node, term: number) =>
  ({
    type: 'vote-request',
    from: from.id,
    to: to.id,
    term,
    pre: false,
    lastIndex: 1,
    lastTerm: 1,
  }) as const;

test('§5.1: if a server’s current term is smaller than another’s, it updates its term to the larger value', () => {
  const cluster = new RaftCluster(3);
  const node = cluster.node(1);
  cluster.deliver(appendTo(node, cluster.node(2), genesisOf(node), [], { term: 9 }));

  expect(node.raft.term).toBe(9);
  expect(node.disk.hardState.term).toBe(9);
});

test('§5.1: if a leader discovers that its term is out of date, it reverts to follower state: where a majority hears it, after a while', () => {
  const { cluster, leader, others } = threeAndLeader();
  const [, ahead] = others;
  const { term } = leader.raft;
  ahead.disk.hardState = { term: term + 1, votedFor: ahead.id };
  cluster.crash(ahead);
  cluster.restart(ahead);

  cluster.run(2 * leader.raft.timing.electionTicksMax - 5);
  expect([leader.raft.role, leader.raft.term]).toEqual(['leader', term]);
  cluster.run(2 * leader.raft.timing.idleHeartbeatTicks);
  expect(leader.raft.role).toBe('follower');
  expect(leader.raft.term).toBeGreaterThan(term);
  cluster.run(300);

  expect(new Set(cluster.nodes.map(({ raft }) => raft.leader)).size).toBe(1);
  expect(cluster.leader?.raft.term).toBeGreaterThan(term + 1);
});

test('§5.1: if a server receives a request with a stale term number, it rejects the request', () => {
  const { cluster, leader, others } = threeAndLeader();
  const [node, stale] = others;

  const vote = cluster.ask(voteRequest(stale, node, 1));
  const append = cluster.ask(appendTo(node, stale, genesisOf(node), [], { term: 1 }));

  const { term } = leader.raft;
  expect(vote).toMatchObject([{ type: 'vote-reply', granted: false, term }]);
  expect(append).toMatchObject([{ type: 'append-reply', term, answer: { refused: 'conflict' } }]);
});

test('§5.2: when servers start up, they begin as followers', () => {
  const cluster = new RaftCluster(3);

  expect(cluster.nodes.map(({ raft }) => raft.role)).toEqual(['follower', 'follower', 'follower']);
});

test('§5.2: a server remains in follower state as long as it receives valid messages from a leader', () => {
  const { cluster, others } = threeAndLeader();

  cluster.run(1000);

  for (const { raft } of others) expect(raft.role).toBe('follower');
});

test('§5.2: leaders send periodic heartbeats to all followers', () => {
  const { cluster, leader, others } = threeAndLeader();
  cluster.run(5);
  const before = cluster.sent.length;

  cluster.run(50);

  for (const { id } of others) {
    const heartbeats = cluster.sent
      .slice(before)
      .filter(({ type, from, to }) => type === 'append' && from === leader.id && to === id);
    expect(heartbeats).toHaveLength(10);
  }
});

test('§5.2: a follower that receives no communication over the election timeout begins an election', () => {
  const cluster = new RaftCluster(3);
  const node = cluster.node(1);
  cluster.loses = () => true;

  for (let tick = 0; tick < 29; tick++) cluster.tick(node);
  expect(node.raft.role).toBe('follower');
  for (let tick = 29; tick < 60; tick++) cluster.tick(node);

  expect(node.raft.role).toBe('precandidate');
});

test('§5.2: to begin an election, a follower increments its current term and votes for itself', () => {
  const cluster = new RaftCluster(3);
  const node = cluster.node(1);
  cluster.loses = ({ type, pre }: { type: string; pre?: boolean }) =>
    type === 'vote-reply' && pre !== true;

  for (let tick = 0; tick < 61; tick++) {
    cluster.tick(node);
    cluster.settle();
  }

  expect(node.raft.role).toBe('candidate');
  expect(node.disk.hardState).toEqual({ term: 2, votedFor: node.id });
});

test.each([
  [1, 1],
  [2, 2],
  [3, 2],
  [4, 3],
  [5, 3],
])('§5.2: a candidate of %i servers wins with the votes of a majority, %i', (count, majority) => {
  expect(majorityOf(count)).toBe(majority);
  const cluster = new RaftCluster(count);
  const node = cluster.node(1);
  const friends = new Set(cluster.nodes.slice(0, majority).map(({ id }) => id));
  cluster.loses = ({ from, to }) => !friends.has(from) || !friends.has(to);
  cluster.elect(node);
  expect(node.raft.role).toBe('leader');

  if (majority === 1) return;
  const fewer = new RaftCluster(count);
  const few = new Set(fewer.nodes.slice(0, majority - 1).map(({ id }) => id));
  fewer.loses = ({ from, to }) => !few.has(from) || !few.has(to);
  fewer.run(300);
  expect(fewer.leader).toBeUndefined();
});

test('§5.2: each server votes for at most one candidate in a given term, first come first served', () => {
  const cluster = new RaftCluster(3);
  const voter = cluster.node(1);

  const first = cluster.ask(voteRequest(cluster.node(2), voter, 2));
  const second = cluster.ask(voteRequest(cluster.node(3), voter, 2));
  const again = cluster.ask(voteRequest(cluster.node(2), voter, 2));

  expect([...first, ...second, ...again]).toMatchObject([
    { granted: true },
    { granted: false },
    { granted: true },
  ]);
});

test('§5.2: a candidate that hears a leader of a term at least as large recognises it and follows', () => {
  const cluster = new RaftCluster(3);
  const node = cluster.node(1);
  cluster.loses = () => true;
  cluster.run(61);
  expect(node.raft.role).toBe('precandidate');

  cluster.deliver(appendTo(node, cluster.node(2), genesisOf(node), [], { term: node.raft.term }));

  expect(node.raft.role).toBe('follower');
  expect(node.raft.leader).toBe(cluster.node(2).id);
});

test('§5.2: a candidate rejects the append of a smaller term and continues in candidate state', () => {
  const cluster = new RaftCluster(3);
  const node = cluster.node(1);
  cluster.loses = ({ type, pre }: { type: string; pre?: boolean }) =>
    type === 'vote-reply' && pre !== true;
  for (let tick = 0; tick < 61; tick++) {
    cluster.tick(node);
    cluster.settle();
  }
  expect(node.raft.role).toBe('candidate');

  cluster.deliver(appendTo(node, cluster.node(2), genesisOf(node), [], { term: 1 }));

  expect(node.raft.role).toBe('candidate');
});

test('§5.2: election timeouts are chosen randomly from a fixed interval', () => {
  const cluster = new RaftCluster(5);
  cluster.loses = () => true;
  const firstAt = new Map<string, number>();
  for (let tick = 1; tick <= 61; tick++) {
    cluster.run(1);
    for (const { id, raft } of cluster.nodes) {
      if (raft.role === 'precandidate' && !firstAt.has(id)) firstAt.set(id, tick);
    }
  }

  const ticks = [...firstAt.values()];
  expect(ticks).toHaveLength(5);
  expect(new Set(ticks).size).toBeGreaterThan(1);
  expect(Math.min(...ticks)).toBeGreaterThanOrEqual(30);
  expect(Math.max(...ticks)).toBeLessThanOrEqual(60);
});

test('§5.3: the leader appends the command to its log, then sends it to each of the others', () => {
  const { cluster, leader, others } = threeAndLeader();

  const entry = cluster.propose(leader, 'a');

  for (const { id } of others) {
    expect(cluster.queue).toContainEqual(
      expect.objectContaining({ type: 'append', to: id, entries: [entry] }),
    );
  }
});

test('§5.3: an entry is committed once the leader has replicated it on a majority of the servers', () => {
  const { cluster, leader, others } = threeAndLeader();
  cluster.loses = ({ to }) => to === others[1].id;
  cluster.propose(leader, 'a');
  expect(commands(leader.applied)).toEqual([]);

  cluster.settle();

  expect(commands(leader.applied)).toEqual(['a']);
});

test('§5.3: once a follower learns that an entry is committed, it applies it, in log order', () => {
  const { cluster, leader, others } = threeAndLeader();
  for (const text of ['a', 'b', 'c']) cluster.propose(leader, text);
  cluster.settle();

  for (const { applied } of others) {
    expect(applied.map(({ index }) => index)).toEqual([1, 2, 3, 4, 5]);
    expect(commands(applied)).toEqual(['a', 'b', 'c']);
  }
});

test('§5.3: if the follower does not find the entry before the new ones, it refuses the new entries', () => {
  const cluster = new RaftCluster(3);
  const node = cluster.node(1);
  const [missing, next] = entriesAfter(genesisOf(node), { term: 2 }, { term: 2 });
  if (!missing || !next) return;

  const answers = cluster.ask(appendTo(node, cluster.node(2), missing, [next]));

  expect(answers).toMatchObject([
    { answer: { refused: 'conflict', prevIndex: 2, hintIndex: 1, hintTerm: 1 } },
  ]);
  expect(node.raft.lastIndex).toBe(1);
});

test('§5.3: conflicting entries in a follower’s log are overwritten with entries from the leader’s', () => {
  const cluster = new RaftCluster(3);
  const node = cluster.node(1);
  const genesis = genesisOf(node);
  const old = entriesAfter(genesis, { term: 2 }, { term: 2 }, { term: 2 });
  const fresh = entriesAfter(genesis, { term: 3 }, { term: 3 });
  cluster.deliver(appendTo(node, cluster.node(2), genesis, old));
  cluster.forgetLeader(node);

  cluster.deliver(appendTo(node, cluster.node(3), genesis, fresh));

  expect(node.disk.entries).toEqual([genesis, ...fresh]);
});

test('§5.3: a refusal carries the term of the conflict, so that one probe skips all entries of it', () => {
  const cluster = new RaftCluster(3);
  const node = cluster.node(1);
  const genesis = genesisOf(node);
  const old = entriesAfter(genesis, ...Array.from({ length: 50 }, () => ({ term: 4 })));
  cluster.deliver(appendTo(node, cluster.node(2), genesis, old));
  cluster.forgetLeader(node);
  const others = entriesAfter(genesis, ...Array.from({ length: 50 }, () => ({ term: 3 })));
  const prev = others[40];
  if (prev === undefined) return;

  const answers = cluster.ask(appendTo(node, cluster.node(3), prev, [], { term: 5 }));

  expect(answers).toMatchObject([{ answer: { refused: 'conflict', hintIndex: 1, hintTerm: 1 } }]);
});

test('§5.3: a leader never overwrites or deletes entries in its own log', () => {
  const { cluster, leader, others } = threeAndLeader();
  cluster.propose(leader, 'a');
  cluster.settle();
  const log = [...leader.disk.entries];

  cluster.deliver(
    appendTo(leader, others[0], genesisOf(leader), entriesAfter(genesisOf(leader), { term: 2 })),
  );

  expect(leader.disk.entries).toEqual(log);
  expect(leader.alarms).toEqual(['Another node leads in our term']);
});

test.each([
  ['a later last term wins over a longer log', [2, 2, 2], [3], true],
  ['an earlier last term loses, however long', [3], [2, 2, 2], false],
  ['with equal last terms the longer log wins', [2], [2, 2], true],
  ['with equal last terms the shorter log loses', [2, 2], [2], false],
  ['an equal log is enough', [2, 2], [2, 2], true],
] as const)(
  '§5.4.1: a voter denies its vote to a log less up to date: %s',
  (_text, own, other, granted) => {
    const cluster = new RaftCluster(3);
    const voter = cluster.node(1);
    const genesis = genesisOf(voter);
    const log = entriesAfter(genesis, ...own.map((term) => ({ term })));
    cluster.deliver(appendTo(voter, cluster.node(2), genesis, log));
    const last = { lastIndex: 1 + other.length, lastTerm: other.at(-1) ?? 1 };

    const answers = cluster.ask({ ...voteRequest(cluster.node(3), voter, 9), ...last });
    // A leader that was just heard keeps it from answering at all; so it does once that is long ago.
    expect(answers).toEqual([]);
    cluster.loses = () => true;
    for (let tick = 0; tick < 30; tick++) cluster.tick(voter);
    cluster.heal();
    const later = cluster.ask({ ...voteRequest(cluster.node(3), voter, 9), ...last });

    expect(later).toMatchObject([{ type: 'vote-reply', granted }]);
  },
);

test('§5.4.2: only log entries from the leader’s current term are committed by counting replicas', () => {
  const cluster = new RaftCluster(3, { limits: { appendEntriesMax: 1 } });
  const [first, second] = [cluster.node(1), cluster.node(2)];
  cluster.elect(first);
  cluster.loses = ({ type, to }) =>
    type === 'append-reply' || type === 'acknowledgement' || to === cluster.node(3).id;
  cluster.propose(first, 'old');
  cluster.settle();
  cluster.crash(first);
  cluster.loses = (message) =>
    message.type === 'append' && message.entries.some(({ kind }) => kind === 'no-op');
  cluster.elect(second);
  cluster.run(20);

  expect(commands(cluster.node(3).disk.entries)).toEqual(['old']);
  expect(commands(second.applied)).toEqual([]);
});

test('§5.5: a request that a server gets again, it ignores; the answer is the same', () => {
  const cluster = new RaftCluster(3);
  const node = cluster.node(1);
  const genesis = genesisOf(node);
  const append = appendTo(node, cluster.node(2), genesis, entriesAfter(genesis, { term: 2 }));

  const once = cluster.ask(append);
  const twice = cluster.ask(append);

  expect(twice).toEqual(once);
  expect(node.raft.lastIndex).toBe(2);
});

test('§5.6: term and vote are those of before the crash', () => {
  const cluster = new RaftCluster(3);
  const node = cluster.node(1);
  cluster.ask(voteRequest(cluster.node(2), node, 5));

  cluster.crash(node);
  cluster.restart(node);

  expect(node.raft.term).toBe(5);
  expect(cluster.ask(voteRequest(cluster.node(3), node, 5))).toMatchObject([{ granted: false }]);
});

test('§6: a server disregards a request for a vote within the minimum election timeout of hearing a leader', () => {
  const { cluster, others } = threeAndLeader();
  const [voter, candidate] = others;
  const { term } = voter.raft;

  expect(cluster.ask(voteRequest(candidate, voter, term + 1))).toEqual([]);

  expect(voter.raft.term).toBe(term);
});

test('§8: a leader commits a blank no-op entry at the start of its term', () => {
  const { leader } = threeAndLeader();

  expect(leader.applied.at(-1)).toMatchObject({ kind: 'no-op', term: leader.raft.term });
});

test('§8: before a leader answers a read, it exchanges heartbeats with a majority', () => {
  const { cluster, leader } = threeAndLeader();
  cluster.isolate(leader);

  const id = cluster.read(leader);
  cluster.run(20);

  expect(leader.raft.role).toBe('leader');
  expect(leader.reads.has(id)).toBe(false);
});
