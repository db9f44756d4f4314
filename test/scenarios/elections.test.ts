import { expect, test } from '@jest/globals';
import { nodeId } from '../../src/common/index.js';
import { RaftCluster } from '../support/clusters/raft-cluster.js';

test('a node that was partitioned raises no term, and disturbs no leader when it returns', () => {
  const cluster = new RaftCluster(3);
  const leader = cluster.electAny();
  const { term } = leader.raft;
  const lonely = cluster.nodes.find((node) => node !== leader);
  if (lonely === undefined) return;

  cluster.isolate(lonely);
  cluster.run(500);
  expect(lonely.raft.role).toBe('precandidate');
  expect(lonely.raft.term).toBe(term);
  cluster.heal();
  cluster.run(100);

  expect(cluster.leader).toBe(leader);
  expect(leader.raft.term).toBe(term);
  expect(lonely.raft.leader).toBe(leader.id);
});

test('a node whose log lags wins no pre-vote, so it never raises a term while others can lead', () => {
  const cluster = new RaftCluster(3);
  const first = cluster.node(1);
  const second = cluster.node(2);
  const lagging = cluster.node(3);
  cluster.elect(first);
  cluster.isolate(lagging);
  cluster.propose(first, 'a');
  cluster.settle();
  cluster.crash(first);
  cluster.heal();
  const { term } = second.raft;
  cluster.loses = ({ from, type }) => from === second.id && type === 'vote-request';

  cluster.run(500);

  expect(lagging.raft.role).not.toBe('leader');
  expect([second.raft.term, lagging.raft.term]).toEqual([term, term]);
});

test('no voter votes while it has lately heard a leader', () => {
  const cluster = new RaftCluster(3);
  const leader = cluster.electAny();
  const [voter, other] = cluster.nodes.filter((node) => node !== leader);
  if (!voter || !other) return;
  const request = {
    type: 'vote-request',
    from: other.id,
    to: voter.id,
    lastIndex: 99,
    lastTerm: leader.raft.term,
  } as const;

  for (const pre of [true, false]) {
    expect(cluster.ask({ ...request, pre, term: leader.raft.term + 1 })).toEqual([]);
    const toLeader = { ...request, pre, to: leader.id, term: leader.raft.term + 1 };
    expect(cluster.ask(toLeader)).toEqual([]);
  }
  expect(voter.raft.term).toBe(leader.raft.term);
  expect(leader.raft.role).toBe('leader');
});

test('a term more than 2^16 ahead is approached by so much, with an alarm; a term exactly so far ahead is entered', () => {
  const cluster = new RaftCluster(3);
  const node = cluster.node(1);
  const other = cluster.node(2);
  const request = {
    type: 'vote-request',
    pre: false,
    from: other.id,
    to: node.id,
    lastIndex: 1,
    lastTerm: 1,
  } as const;

  expect(cluster.ask({ ...request, term: 2 ** 16 + 2 })).toEqual([]);
  expect(node.raft.term).toBe(1 + 2 ** 16);
  expect(node.alarms).toEqual(['A term is too far ahead']);

  expect(cluster.ask({ ...request, term: 1 + 2 ** 17 })).toMatchObject([{ granted: true }]);
  expect(node.raft.term).toBe(1 + 2 ** 17);
  expect(node.alarms).toHaveLength(1);
});

test('nodes in very different terms elect a leader when the old one is gone', () => {
  const cluster = new RaftCluster(3);
  const ahead = cluster.node(2);
  const gone = cluster.node(3);
  cluster.elect(gone);
  cluster.crash(gone);
  ahead.disk.hardState = { term: 40, votedFor: undefined };
  cluster.crash(ahead);
  cluster.restart(ahead);

  cluster.run(300);

  expect(cluster.leader?.raft.term).toBeGreaterThan(40);
});

test('a leader that hears no majority steps down within an election timeout', () => {
  const cluster = new RaftCluster(5);
  const leader = cluster.electAny();
  const friend = cluster.nodes.find((node) => node !== leader);
  if (friend === undefined) return;

  const { electionTicksMax, answerTicks } = leader.raft.timing;
  cluster.isolate(leader, friend);
  cluster.run(electionTicksMax - answerTicks - 5);
  expect(leader.raft.role).toBe('leader');
  cluster.run(answerTicks + 10);

  expect(leader.raft.role).not.toBe('leader');
  expect(cluster.propose(leader, 'a')).toBe('not-leader');
});

test('a leader that hears a majority goes on, whichever other nodes are lost', () => {
  const cluster = new RaftCluster(5);
  const leader = cluster.electAny();
  const lost = cluster.nodes.filter((node) => node !== leader).slice(0, 2);

  cluster.isolate(...lost);
  cluster.run(500);

  expect(leader.raft.role).toBe('leader');
  expect(lost.map(({ id }) => leader.raft.reachable(id))).toEqual([false, false]);
});

test('a voter that crashes after its vote has left does not vote twice', () => {
  const cluster = new RaftCluster(3);
  const voter = cluster.node(1);
  const first = cluster.node(2);
  const second = cluster.node(3);
  const request = {
    type: 'vote-request',
    to: voter.id,
    term: 7,
    pre: false,
    lastIndex: 1,
  } as const;
  const granted = cluster.ask({ ...request, from: first.id, lastTerm: 1 });
  expect(granted).toMatchObject([{ type: 'vote-reply', granted: true, term: 7 }]);

  cluster.crash(voter);
  cluster.restart(voter);

  const again = cluster.ask({ ...request, from: second.id, lastTerm: 1 });
  expect(again).toMatchObject([{ type: 'vote-reply', granted: false, term: 7 }]);
});

test('a vote leaves only when it is durable', () => {
  const cluster = new RaftCluster(3);
  const voter = cluster.node(1);
  const candidate = cluster.node(2);
  voter.slowDisk = true;

  const early = cluster.ask({
    type: 'vote-request',
    from: candidate.id,
    to: voter.id,
    term: 2,
    pre: false,
    lastIndex: 1,
    lastTerm: 1,
  });
  expect(early).toEqual([]);
  cluster.finishWrite(voter);

  expect(voter.disk.hardState).toEqual({ term: 2, votedFor: candidate.id });
  expect(cluster.sent.at(-1)).toMatchObject({ type: 'vote-reply', granted: true });
});

test('a candidate asks for votes only when its own is durable', () => {
  const cluster = new RaftCluster(3);
  const candidate = cluster.node(1);
  candidate.slowDisk = true;
  for (let tick = 0; tick < 61 && candidate.raft.role !== 'candidate'; tick++) {
    cluster.tick(candidate);
    cluster.settle();
  }
  expect(candidate.raft.role).toBe('candidate');
  expect(
    cluster.sent.filter(({ type, term }) => type === 'vote-request' && term === 2),
  ).toHaveLength(
    2, // the pre-votes
  );

  cluster.finishWrite(candidate);
  cluster.settle();

  expect(candidate.disk.hardState).toEqual({ term: 2, votedFor: candidate.id });
  expect(candidate.raft.role).toBe('leader');
});

test('votes for a past pre-vote count in no election', () => {
  const cluster = new RaftCluster(3);
  const candidate = cluster.node(1);
  const voter = cluster.node(2);
  cluster.loses = () => true;
  cluster.run(61);
  expect(candidate.raft.role).toBe('precandidate');
  const reply = {
    type: 'vote-reply',
    from: voter.id,
    to: candidate.id,
    granted: true,
    clockMs: cluster.nowMs,
  } as const;

  cluster.deliver({ ...reply, pre: false, term: 1 });
  cluster.deliver({ ...reply, pre: true, term: 1 });
  expect(candidate.raft.role).toBe('precandidate');
  cluster.deliver({ ...reply, pre: true, term: 2 });
  expect(candidate.raft.role).toBe('candidate');
  cluster.deliver({ ...reply, pre: true, term: 3 });
  cluster.deliver({ ...reply, pre: true, term: 2 });

  expect(candidate.raft.role).toBe('candidate');
  expect(candidate.raft.term).toBe(2);
});

test('a vote is not forgotten within its term, whatever the voter tries meanwhile', () => {
  const cluster = new RaftCluster(3);
  const voter = cluster.node(1);
  const first = cluster.node(2);
  const second = cluster.node(3);
  const request = { type: 'vote-request', to: voter.id, pre: false, lastIndex: 1 } as const;
  cluster.ask({ ...request, from: first.id, term: 2, lastTerm: 1 });
  cluster.loses = () => true;
  for (let tick = 0; tick < 61 && voter.raft.role === 'follower'; tick++) cluster.tick(voter);
  for (const { id: from } of [first, second]) {
    const clockMs = cluster.nowMs;
    const to = voter.id;
    cluster.deliver({ type: 'vote-reply', from, to, term: 2, pre: true, granted: false, clockMs });
  }
  expect(voter.raft.role).toBe('follower');

  const answers = cluster.ask({ ...request, from: second.id, term: 2, lastTerm: 1 });

  expect(answers).toMatchObject([{ type: 'vote-reply', granted: false }]);
});

test('the first reply of a voter counts, and its second does not', () => {
  const cluster = new RaftCluster(3);
  const candidate = cluster.node(1);
  const voter = cluster.node(2);
  cluster.loses = () => true;
  for (let tick = 0; tick < 61 && candidate.raft.role === 'follower'; tick++) {
    cluster.tick(candidate);
  }
  const reply = {
    type: 'vote-reply',
    from: voter.id,
    to: candidate.id,
    clockMs: cluster.nowMs,
  } as const;
  cluster.deliver({ ...reply, pre: true, granted: true, term: 2 });

  cluster.deliver({ ...reply, pre: false, granted: false, term: 2 });
  cluster.deliver({ ...reply, pre: false, granted: true, term: 2 });

  expect(candidate.raft.role).toBe('candidate');
});

test('messages of nodes that are no voters are ignored', () => {
  const cluster = new RaftCluster(3);
  const node = cluster.node(1);
  const request = {
    type: 'vote-request',
    from: nodeId('stranger'),
    to: node.id,
    term: 9,
    pre: false,
    lastIndex: 5,
    lastTerm: 5,
  } as const;

  expect(cluster.ask(request)).toEqual([]);
  expect(cluster.ask({ ...request, from: node.id })).toEqual([]);

  expect(node.raft.term).toBe(1);
});

test('a vote in a later term waits for its own write, not for the one under way', () => {
  const cluster = new RaftCluster(3);
  const voter = cluster.node(1);
  voter.slowDisk = true;
  const request = {
    type: 'vote-request',
    to: voter.id,
    pre: false,
    lastIndex: 1,
    lastTerm: 1,
  } as const;
  cluster.deliver({ ...request, from: cluster.node(2).id, term: 2 });
  cluster.deliver({ ...request, from: cluster.node(3).id, term: 3 });

  cluster.finishWrite(voter);
  expect(cluster.sent.filter(({ term }) => term === 3)).toEqual([]);
  cluster.finishWrite(voter);

  expect(cluster.sent.at(-1)).toMatchObject({ to: cluster.node(3).id, term: 3, granted: true });
  expect(voter.disk.hardState).toEqual({ term: 3, votedFor: cluster.node(3).id });
});

test('a node whose disk delays a write does not stand for election', () => {
  const cluster = new RaftCluster(3);
  const node = cluster.node(1);
  node.slowDisk = true;
  cluster.deliver({
    type: 'vote-request',
    from: cluster.node(2).id,
    to: node.id,
    term: 2,
    pre: false,
    lastIndex: 1,
    lastTerm: 1,
  });

  for (let tick = 0; tick < 300; tick++) cluster.tick(node);

  expect(cluster.sent.filter(({ from }) => from === node.id)).toEqual([]);
});

test('after a stall a node reads its waiting messages before it stands for election', () => {
  const cluster = new RaftCluster(3);
  const node = cluster.node(1);

  node.raft.tick(61, cluster.nowMs, true);
  expect(node.raft.role).toBe('follower');
  node.raft.tick(1, cluster.nowMs);

  expect(node.raft.role).toBe('precandidate');
});

test('after a stall a leader reads its waiting messages before it steps down', () => {
  const cluster = new RaftCluster(3);
  const leader = cluster.electAny();

  leader.raft.tick(61, cluster.nowMs, true);
  expect(leader.raft.role).toBe('leader');
  for (const node of cluster.nodes) if (node !== leader) node.raft.tick(61, cluster.nowMs, true);
  cluster.settle();
  leader.raft.tick(1, cluster.nowMs);

  expect(leader.raft.role).toBe('leader');
});

test('a leader that has appended nothing for a second sends a third as many heartbeats, until it appends again', () => {
  const cluster = new RaftCluster(3);
  const leader = cluster.electAny();
  const { timing, term } = leader.raft;
  const heartbeatsIn = (ticks: number): number => {
    const before = cluster.sent.length;
    cluster.run(ticks);
    const appends = cluster.sent.slice(before).filter(({ type }) => type === 'append');
    return appends.length / 2;
  };

  // Whole intervals, the last of which ends before the second is over.
  const busyTicks = timing.idleAfterTicks - timing.heartbeatTicks;
  for (const text of ['a', 'b']) {
    cluster.propose(leader, text);
    cluster.settle();
    expect(heartbeatsIn(busyTicks)).toBe(busyTicks / timing.heartbeatTicks);
    cluster.run(2 * timing.idleHeartbeatTicks);
    const intervals = 50;
    expect(heartbeatsIn(intervals * timing.idleHeartbeatTicks)).toBe(intervals);
  }
  expect(cluster.leader).toBe(leader);
  expect(leader.raft.term).toBe(term);
});

test('an idle leader that is gone is given up so long after its last heartbeat as a busy one', () => {
  const lost = [1, 2, 3, 4, 5, 6, 7, 8].map((offset) => {
    const cluster = new RaftCluster(3);
    const leader = cluster.electAny();
    const { electionTicksMax, idleAfterTicks } = leader.raft.timing;
    cluster.run(2 * idleAfterTicks + offset);
    cluster.crash(leader);
    let ticks = 0;
    while (cluster.leader === undefined && ticks < 10 * electionTicksMax) {
      cluster.run(1);
      ticks += 1;
    }
    return ticks - electionTicksMax;
  });
  // The shortest timeout of the two that are left, counted from the last heartbeat.
  expect(Math.max(...lost)).toBeLessThanOrEqual(0);
});

test('a follower that gets entries gets no heartbeats besides, until there are no more', () => {
  const cluster = new RaftCluster(3);
  const leader = cluster.electAny();
  const { heartbeatTicks } = leader.raft.timing;
  const appendsIn = (ticks: number): number => {
    const before = cluster.sent.length;
    cluster.run(ticks);
    return cluster.sent.slice(before).filter(({ type }) => type === 'append').length;
  };

  for (let round = 0; round < 20; round++) {
    cluster.propose(leader, 'a');
    cluster.settle();
    expect(appendsIn(heartbeatTicks - 1)).toBe(0);
  }
  // One to each follower.
  expect(appendsIn(heartbeatTicks)).toBe(2);
  expect(cluster.leader).toBe(leader);
});

test('a heartbeat that says nothing new is answered only now and then, and any other at once', () => {
  const cluster = new RaftCluster(3);
  const leader = cluster.electAny();
  const { answerTicks, idleAfterTicks, idleHeartbeatTicks } = leader.raft.timing;
  const answersIn = (act: () => void): number => {
    const before = cluster.sent.length;
    act();
    const sent = cluster.sent.slice(before);
    return sent.filter(({ type }) => type === 'append-reply').length / 2;
  };
  cluster.propose(leader, 'a');
  cluster.settle();
  cluster.run(2 * idleAfterTicks);

  const everySecond = 2 * idleHeartbeatTicks;
  expect(answersIn(() => cluster.run(10 * everySecond))).toBe(10);
  expect(everySecond).toBeGreaterThan(answerTicks);
  const proposed = () => {
    cluster.propose(leader, 'b');
    cluster.settle();
  };
  expect(answersIn(proposed)).toBe(1);
  const read = () => {
    cluster.read(leader);
    cluster.settle();
  };
  expect(answersIn(read)).toBe(1);
  expect(cluster.leader).toBe(leader);
});
