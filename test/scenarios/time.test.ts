import { expect, test } from '@jest/globals';
import {
  appendTo,
  commands,
  entriesAfter,
  genesisOf,
  RaftCluster,
  START_MS,
} from '../support/clusters/raft-cluster.js';

test('an entry is stamped with the time that a majority of clocks has reached', () => {
  const cluster = new RaftCluster(3);
  const leader = cluster.node(1);
  cluster.elect(leader);
  leader.skewMs = 3000;
  cluster.node(2).skewMs = 1000;
  cluster.node(3).skewMs = -500;
  cluster.run(leader.raft.timing.electionTicksMin);

  const entry = cluster.propose(leader, 'a');

  const second = cluster.nowMs + 1000;
  expect(entry).toMatchObject({ kind: 'command' });
  if (typeof entry === 'string') return;
  expect(entry.timeMs).toBeLessThanOrEqual(second);
  const { answerTicks, heartbeatTicks, tickMs } = leader.raft.timing;
  // The clock is read with an answer, and not every heartbeat has one.
  expect(entry.timeMs).toBeGreaterThan(second - (answerTicks + heartbeatTicks) * tickMs);
});

test('readings older than a second do not count: the time of the predecessor is repeated', () => {
  const cluster = new RaftCluster(3);
  const leader = cluster.electAny();
  cluster.run(10);
  const before = cluster.propose(leader, 'a');
  cluster.isolate(leader);

  // The leader's clock goes on, but not long enough for it to give up.
  leader.skewMs += 1001;
  const after = cluster.propose(leader, 'b');

  if (typeof before === 'string' || typeof after === 'string') throw new Error('not proposed');
  expect(after.timeMs).toBe(before.timeMs);
});

test('the time of the log never goes back, whatever the clocks do', () => {
  const cluster = new RaftCluster(3);
  const leader = cluster.electAny();
  cluster.run(10);
  cluster.propose(leader, 'a');
  cluster.settle();
  for (const node of cluster.nodes) node.skewMs = -60_000;
  cluster.run(10);

  cluster.propose(leader, 'b');
  cluster.run(10);

  const times = cluster.node(1).applied.map(({ timeMs }) => timeMs);
  expect(times).toEqual(times.toSorted((a, b) => a - b));
  expect(commands(cluster.node(2).applied)).toEqual(['a', 'b']);
});

test.each([
  ['5000 ms ahead of the own clock', START_MS + 5000, undefined, 2],
  ['5001 ms ahead of the own clock', START_MS + 5001, 'time', 1],
  ['below its predecessor', START_MS - 1001, 'time', 1],
] as const)('a follower judges an entry %s', (_text, timeMs, refused, match) => {
  const cluster = new RaftCluster(3);
  const follower = cluster.node(1);
  const genesis = genesisOf(follower);
  const entries = entriesAfter(genesis, { term: 2, timeMs });

  const answers = cluster
    .ask(appendTo(follower, cluster.node(2), genesis, entries))
    .filter(({ type }) => type === 'append-reply');

  expect(answers).toMatchObject([{ type: 'append-reply', answer: { refused, match } }]);
  expect(follower.raft.lastIndex).toBe(match);
});

test('a repeated time is always allowed, so a clock that once jumped does not stop the log', () => {
  const cluster = new RaftCluster(3);
  const follower = cluster.node(1);
  const genesis = genesisOf(follower);
  const [far, same] = entriesAfter(
    genesis,
    { term: 2, timeMs: START_MS + 5000 },
    { term: 2, timeMs: START_MS + 5000 },
  );
  if (!far || !same) return;
  cluster.deliver(appendTo(follower, cluster.node(2), genesis, [far]));
  follower.skewMs = -3_600_000;

  const answers = cluster.ask(appendTo(follower, cluster.node(2), far, [same]));

  expect(answers).toMatchObject([{ answer: { refused: undefined, match: 3 } }]);
});

test('entries before an entry that is refused for its time are taken, and the rest later', () => {
  const cluster = new RaftCluster(3);
  const slow = cluster.node(3);
  cluster.elect(cluster.node(1));
  slow.skewMs = -5500;
  cluster.run(40);
  const leader = cluster.node(1);
  cluster.propose(leader, 'a');
  cluster.run(1);
  expect(commands(leader.applied)).toEqual(['a']);
  expect(commands(slow.applied)).toEqual([]);

  cluster.run(80);

  expect(commands(slow.applied)).toEqual(['a']);
  expect(leader.raft.role).toBe('leader');
  expect(new Set(cluster.nodes.flatMap(({ alarms }) => alarms))).toEqual(
    new Set(['The clock of a peer is away from those of the majority']),
  );
});

test('a leader that a majority refuses for its time steps down, and others go on', () => {
  const cluster = new RaftCluster(3);
  const leader = cluster.node(1);
  cluster.elect(leader);
  cluster.run(10);
  // Two clocks jump ahead, the leader stamps with them, and they jump back before the entry arrives.
  leader.skewMs = 20_000;
  cluster.node(2).skewMs = 20_000;
  cluster.run(10);
  cluster.loses = ({ type }) => type === 'append';
  cluster.propose(leader, 'from the future');
  cluster.settle();
  leader.skewMs = 0;
  cluster.node(2).skewMs = 0;
  cluster.heal();
  cluster.run(6);
  expect(leader.raft.role).not.toBe('leader');

  cluster.run(300);
  const next = cluster.leader;
  if (next === undefined) throw new Error('nobody leads');
  cluster.propose(next, 'now');
  cluster.run(10);

  expect(commands(next.applied).at(-1)).toBe('now');
});

test.each([20_000, 400 * 86_400_000, -20_000])(
  'a leader whose clock alone is %i ms away warns, and gives leadership away once',
  (skewMs) => {
    const cluster = new RaftCluster(3);
    const leader = cluster.node(1);
    cluster.elect(leader);
    cluster.run(10);
    leader.skewMs = skewMs;

    cluster.run(100);
    expect(leader.raft.role).toBe('leader');
    expect(new Set(leader.alarms)).toEqual(
      new Set(['The clock of this node is away from those of the majority']),
    );
    cluster.run(1_000);

    const next = cluster.leader;
    expect(next).not.toBe(leader);
    expect(new Set(next?.alarms)).toEqual(
      new Set(['The clock of a peer is away from those of the majority']),
    );
    if (next === undefined) throw new Error('nobody leads');
    const entry = cluster.propose(next, 'in time');
    if (typeof entry === 'string') throw new Error(entry);
    expect(Math.abs(entry.timeMs - cluster.nowMs)).toBeLessThan(1_000);
  },
);

test('a leader whose clock is away leads on where no other node can be elected', () => {
  const cluster = new RaftCluster(3);
  const leader = cluster.node(1);
  cluster.elect(leader);
  cluster.run(10);
  leader.skewMs = 20_000;
  cluster.loses = ({ type, from }) => type === 'vote-request' && from !== leader.id;
  cluster.run(4_000);

  expect(cluster.leader).toBe(leader);
});
