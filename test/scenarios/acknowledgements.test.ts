import { expect, test } from '@jest/globals';
import { nodeId } from '../../src/common/index.js';
import type { Entry } from '../../src/ports/index.js';
import type { Acknowledgement, Message } from '../../src/raft/index.js';
import { ACKNOWLEDGED_WITHIN_MS, LEADER_AWAITED_MS } from '../../src/raft/limits.js';
import {
  acknowledgementTo,
  appendTo,
  commands,
  entriesAfter,
  genesisOf,
  RaftCluster,
  seededRandom,
} from '../support/clusters/raft-cluster.js';
import type { Node } from '../support/clusters/raft-cluster.js';

/* A commit that voters see for themselves: docs/decisions/0034-a-commit-that-voters-see.md. */

const OLD_LEVEL = 2;
const CONTRADICTION = 'A voter acknowledges another log than this node has of the same leader';

const isAcknowledgement = (message: Message): message is Acknowledgement =>
  message.type === 'acknowledgement';

/** The hops after which each node knows that what this leader proposes is committed. */
function hopsToCommit(cluster: RaftCluster, leader: Node): readonly number[] {
  const entry = cluster.propose(leader, 'a') as Entry;
  const hops = new Map<Node, number>();
  for (let hop = 1; hops.size < cluster.nodes.length; hop++) {
    if (hop > 9) throw new Error('the command is never committed');
    for (const message of cluster.queue.splice(0)) cluster.deliver(message);
    for (const node of cluster.nodes) {
      if (!hops.has(node) && node.raft.commit >= entry.index) hops.set(node, hop);
    }
  }
  return [leader, ...cluster.nodes.filter((node) => node !== leader)].map(
    (node) => hops.get(node) ?? 0,
  );
}

test.each([
  { count: 3, level: OLD_LEVEL, leader: 2, followers: 3 },
  { count: 3, level: 3, leader: 2, followers: 1 },
  { count: 5, level: OLD_LEVEL, leader: 2, followers: 3 },
  { count: 5, level: 3, leader: 2, followers: 2 },
])(
  'of $count nodes at level $level, followers know of a commit after $followers hops',
  ({ count, level, leader, followers }) => {
    const cluster = new RaftCluster(count, {}, level);
    const elected = cluster.electAny();
    cluster.settle();

    const [first, ...others] = hopsToCommit(cluster, elected);

    expect(first).toBe(leader);
    expect(others).toEqual(Array.from({ length: count - 1 }, () => followers));
  },
);

test.each([
  { count: 3, before: 6, now: 8 },
  { count: 5, before: 12, now: 24 },
])('with $count nodes a commit takes $now messages, and took $before', ({ count, before, now }) => {
  const counts = [OLD_LEVEL, 3].map((level) => {
    const cluster = new RaftCluster(count, {}, level);
    const leader = cluster.electAny();
    cluster.settle();
    const first = cluster.sent.length;
    cluster.propose(leader, 'a');
    cluster.settle();
    for (const node of cluster.nodes) expect(commands(node.applied)).toEqual(['a']);
    return cluster.sent.length - first;
  });

  expect(counts).toEqual([before, now]);
});

/** Delivers in an order that the seed gives, and ends writes as it comes, but those of `hanging`, until nothing is left to be done. */
function deliverAll(cluster: RaftCluster, seed: number, hanging?: Node): void {
  const random = seededRandom(seed);
  const draw = (count: number): number => (random.bytes(1)[0] ?? 0) % count;
  const steps = (): readonly (() => void)[] => [
    ...cluster.queue.map((message, place) => () => {
      cluster.queue.splice(place, 1);
      cluster.deliver(message);
    }),
    ...cluster.nodes
      .filter((node) => node.writing !== undefined && node !== hanging)
      .map((node) => () => cluster.finishWrite(node)),
  ];
  for (let left = steps(); left.length > 0; left = steps()) left[draw(left.length)]?.();
}

/** Loses the acknowledgements that may wait long, and keeps those that wait for the leader's. */
function losePatient(cluster: RaftCluster): {
  readonly lost: () => number;
  /** Sends those that are kept and may wait no longer; loses the others. */
  readonly endWait: () => void;
} {
  let lost = 0;
  const kept: { readonly message: Message; readonly thenMs: () => number }[] = [];
  cluster.loses = (message) => {
    const sender = cluster.nodes.find(({ id }) => id === message.from);
    const { firstMs = 0, thenMs = () => 0 } = sender?.raft.patience(message) ?? {};
    if (firstMs === LEADER_AWAITED_MS) kept.push({ message, thenMs });
    if (firstMs === ACKNOWLEDGED_WITHIN_MS) lost += 1;
    return firstMs > 0;
  };
  const endWait = (): void => {
    for (const { message, thenMs } of kept.splice(0)) {
      if (thenMs() === 0) cluster.queue.push(message);
      else lost += 1;
    }
  };
  return { lost: () => lost, endWait };
}

test.each([3, 4, 5, 7].flatMap((count) => [false, true].map((hangs) => ({ count, hangs }))))(
  'each of $count voters sees a commit without the acknowledgements that may wait, the disk of the leader hanging: $hangs',
  ({ count, hangs }) => {
    let lost = 0;
    for (let seed = 1; seed <= 40; seed++) {
      const cluster = new RaftCluster(count);
      const leader = cluster.electAny();
      cluster.settle();
      const patient = losePatient(cluster);
      for (const node of cluster.nodes) node.slowDisk = true;
      const hanging = hangs ? leader : undefined;

      const { index } = cluster.propose(leader, 'a') as Entry;
      deliverAll(cluster, seed, hanging);
      patient.endWait();
      deliverAll(cluster, seed, hanging);

      const commits = cluster.nodes.map(({ raft }) => raft.commit);
      expect({ seed, commits }).toEqual({ seed, commits: commits.map(() => index) });
      lost += patient.lost();
    }
    expect(lost > 0 || hangs).toBe(true);
  },
);

test('of three voters, followers that have heard from their leader keep each other waiting; nothing else waits', () => {
  const cluster = new RaftCluster(3);
  const leader = cluster.electAny();
  cluster.settle();
  const followers = cluster.nodes.filter((node) => node !== leader);
  const waiting: Message[] = [];
  cluster.loses = (message) => {
    const sender = cluster.nodes.find(({ id }) => id === message.from);
    if (sender?.raft.patience(message).firstMs === ACKNOWLEDGED_WITHIN_MS) waiting.push(message);
    return false;
  };
  for (const node of followers) node.slowDisk = true;

  cluster.propose(leader, 'a');
  cluster.settle();
  for (const node of followers) cluster.finishWrite(node);
  cluster.settle();

  expect(waiting.map(({ type, from, to }) => ({ type, from, to }))).toEqual(
    followers.map(({ id }) => ({
      type: 'acknowledgement',
      from: id,
      to: followers.find((other) => other.id !== id)?.id,
    })),
  );
});

test('an acknowledgement that waits is not said in a later term: the entry may be gone from the log then', () => {
  const cluster = new RaftCluster(3);
  const leader = cluster.electAny();
  cluster.settle();
  const followers = cluster.nodes.filter((node) => node !== leader);
  const waiting: (() => boolean)[] = [];
  cluster.loses = (message) => {
    const sender = cluster.nodes.find(({ id }) => id === message.from);
    const { firstMs = 0, isStillDue = () => false } = sender?.raft.patience(message) ?? {};
    if (firstMs > 0) waiting.push(isStillDue);
    return firstMs > 0;
  };
  for (const node of followers) node.slowDisk = true;
  cluster.propose(leader, 'a');
  cluster.settle();
  for (const node of followers) cluster.finishWrite(node);
  cluster.settle();

  expect(waiting.map((isStillDue) => isStillDue())).toEqual([true, true]);
  const next = followers[0];
  if (next === undefined) throw new Error('three voters');
  for (const node of followers) {
    node.slowDisk = false;
    cluster.finishWrite(node);
  }
  cluster.loses = ({ from, to }) => from === leader.id || to === leader.id;
  cluster.elect(next);
  cluster.settle();
  expect(waiting.slice(0, 2).map((isStillDue) => isStillDue())).toEqual([false, false]);
});

test('while nothing is uncommitted no acknowledgement is sent, whatever heartbeats are answered', () => {
  const cluster = new RaftCluster(3);
  const leader = cluster.electAny();
  cluster.propose(leader, 'a');
  cluster.settle();
  const before = cluster.sent.length;

  cluster.run(500);

  expect(cluster.sent.slice(before).filter(isAcknowledgement)).toEqual([]);
});

/** A follower of node 2 with the entries of `terms` behind its genesis, sent in the last of these terms. */
function following(terms: readonly number[]): {
  readonly cluster: RaftCluster;
  readonly follower: Node;
  readonly leader: Node;
  readonly other: Node;
  readonly log: readonly Entry[];
} {
  const cluster = new RaftCluster(3);
  const [follower, leader, other] = [cluster.node(1), cluster.node(2), cluster.node(3)];
  const genesis = genesisOf(follower);
  const entries = entriesAfter(genesis, ...terms.map((term) => ({ term })));
  cluster.deliver(appendTo(follower, leader, genesis, entries));
  return { cluster, follower, leader, other, log: [genesis, ...entries] };
}

/** The entry at `index` of a log. */
function at(log: readonly Entry[], index: number): Entry {
  const entry = log[index - 1];
  if (entry === undefined) throw new Error(`no entry ${index}`);
  return entry;
}

test('an append of the leader is not its acknowledgement: one more voter must have the entry', () => {
  const { cluster, follower, leader, log } = following([2, 2]);
  expect(follower.raft.durable).toBe(3);
  expect(follower.raft.commit).toBe(1);

  cluster.deliver(acknowledgementTo(follower, leader, 2, at(log, 3)));

  expect(follower.raft.commit).toBe(3);
  expect(follower.applied).toHaveLength(3);
});

test('an acknowledgement commits all before it, and counts whoever gave it', () => {
  const { cluster, follower, other, log } = following([2, 2, 2]);

  cluster.deliver(acknowledgementTo(follower, other, 2, at(log, 3)));

  expect(follower.raft.commit).toBe(3);
});

test('a node counts itself only as far as its disk has it, and others without it', () => {
  const { cluster, follower, leader, other, log } = following([2]);
  follower.slowDisk = true;
  const fresh = entriesAfter(at(log, 2), { term: 2 });
  cluster.deliver(appendTo(follower, leader, at(log, 2), fresh));

  cluster.deliver(acknowledgementTo(follower, leader, 2, at(fresh, 1)));
  expect(follower.raft.commit).toBe(2);
  cluster.deliver(acknowledgementTo(follower, other, 2, at(fresh, 1)));
  expect(follower.raft.commit).toBe(3);
  expect(follower.applied).toHaveLength(1);
  cluster.finishWrite(follower);

  expect(follower.applied).toHaveLength(3);
});

test('an acknowledgement beyond the log waits until it can be compared', () => {
  const { cluster, follower, leader, log } = following([2]);
  const fresh = entriesAfter(at(log, 2), { term: 2 }, { term: 2 });

  cluster.deliver(acknowledgementTo(follower, leader, 2, at(fresh, 2)));
  expect(follower.raft.commit).toBe(1);
  cluster.deliver(appendTo(follower, leader, at(log, 2), fresh.slice(0, 1)));
  expect(follower.raft.commit).toBe(1);
  cluster.deliver(appendTo(follower, leader, at(fresh, 1), fresh.slice(1)));

  expect(follower.raft.commit).toBe(4);
});

test('an acknowledgement that waits does not keep an earlier one from counting', () => {
  const { cluster, follower, other, log } = following([2]);
  const fresh = entriesAfter(at(log, 2), { term: 2 });

  cluster.deliver(acknowledgementTo(follower, other, 2, at(fresh, 1)));
  cluster.deliver(acknowledgementTo(follower, other, 2, at(log, 2)));

  expect(follower.raft.commit).toBe(2);
});

test('an acknowledgement with another hash does not count, and is an alarm', () => {
  const { cluster, follower, leader, other, log } = following([2, 2]);
  const forked = entriesAfter(genesisOf(follower), { term: 2 }, { term: 2, text: 'other' });

  cluster.deliver(acknowledgementTo(follower, other, 2, at(forked, 2)));
  cluster.deliver(acknowledgementTo(follower, leader, 2, at(forked, 2)));

  expect(follower.raft.commit).toBe(1);
  expect(follower.alarms).toEqual([CONTRADICTION, CONTRADICTION]);
  cluster.deliver(acknowledgementTo(follower, other, 2, at(log, 3)));
  expect(follower.raft.commit).toBe(3);
});

test('an acknowledgement that turns out to be of another log does not count', () => {
  const { cluster, follower, leader, other, log } = following([2]);
  const fresh = entriesAfter(at(log, 2), { term: 2 });
  const forked = entriesAfter(at(log, 2), { term: 2, text: 'other' });
  cluster.deliver(acknowledgementTo(follower, other, 2, at(forked, 1)));

  cluster.deliver(appendTo(follower, leader, at(log, 2), fresh));

  expect(follower.raft.commit).toBe(1);
});

test('a leader takes an acknowledgement of what it does not have for an alarm', () => {
  const cluster = new RaftCluster(3);
  const leader = cluster.electAny();
  const other = cluster.nodes.find((node) => node !== leader);
  const last = leader.raft.entry(leader.raft.lastIndex);
  if (other === undefined || last === undefined) return;
  const beyond = entriesAfter(last, { term: leader.raft.term });

  cluster.deliver(acknowledgementTo(leader, other, leader.raft.term, at(beyond, 1)));

  expect(leader.alarms).toEqual([CONTRADICTION]);
});

test('entries left from another leader are no contradiction to an acknowledgement', () => {
  const { cluster, follower, leader, other, log } = following([2, 2, 2]);
  cluster.forgetLeader(follower);
  const fresh = entriesAfter(at(log, 2), { term: 3 });

  // The new leader has shown its log up to index 2 only.
  cluster.deliver(appendTo(follower, other, at(log, 2), [], { term: 3 }));
  cluster.deliver(acknowledgementTo(follower, leader, 3, at(fresh, 1)));
  expect(follower.alarms).toEqual([]);
  cluster.deliver(appendTo(follower, other, at(log, 2), fresh));

  expect(follower.raft.lastIndex).toBe(3);
  expect(follower.alarms).toEqual([]);
});

test('an acknowledgement of a later term waits, and counts in that term', () => {
  const { cluster, follower, leader, other, log } = following([2]);
  const fresh = entriesAfter(at(log, 2), { term: 3 });

  cluster.deliver(acknowledgementTo(follower, leader, 3, at(fresh, 1)));
  expect(follower.raft.term).toBe(2);
  expect(follower.raft.commit).toBe(1);
  cluster.forgetLeader(follower);
  cluster.deliver(appendTo(follower, other, at(log, 2), fresh));

  expect(follower.raft.term).toBe(3);
  expect(follower.raft.commit).toBe(3);
});

test('an acknowledgement of an earlier term never counts', () => {
  const { cluster, follower, leader, other, log } = following([2]);
  cluster.forgetLeader(follower);
  const fresh = entriesAfter(at(log, 2), { term: 3 });
  cluster.deliver(appendTo(follower, other, at(log, 2), fresh));

  for (const entry of [at(log, 2), at(fresh, 1)]) {
    cluster.deliver(acknowledgementTo(follower, leader, 2, entry));
  }

  expect(follower.raft.commit).toBe(1);
});

test('an entry of an earlier term never counts, though one of this term stands behind it', () => {
  const { cluster, follower, leader, other, log } = following([2]);
  cluster.forgetLeader(follower);
  const fresh = entriesAfter(at(log, 2), { term: 3 });
  cluster.deliver(appendTo(follower, other, at(log, 2), fresh));

  for (const voter of [leader, other]) {
    cluster.deliver(acknowledgementTo(follower, voter, 3, at(log, 2)));
  }
  expect(follower.raft.commit).toBe(1);
  cluster.deliver(acknowledgementTo(follower, other, 3, at(fresh, 1)));

  expect(follower.raft.commit).toBe(3);
});

test.each([
  ['of another incarnation', { incarnation: 2 }],
  ['under another order', { order: 1 }],
] as const)('an acknowledgement %s never counts', (_text, change) => {
  const { cluster, follower, leader, log } = following([2]);

  cluster.deliver({ ...acknowledgementTo(follower, leader, 2, at(log, 2)), ...change });

  expect(follower.raft.commit).toBe(1);
});

test('a node that is no voter, and a voter that says it twice, count for nothing', () => {
  const cluster = new RaftCluster(5);
  const [follower, leader] = [cluster.node(1), cluster.node(2)];
  const entries = entriesAfter(genesisOf(follower), { term: 2 });
  cluster.deliver(appendTo(follower, leader, genesisOf(follower), entries));
  const said = acknowledgementTo(follower, leader, 2, at(entries, 1));

  for (const from of [leader.id, leader.id, nodeId('node-9'), follower.id]) {
    cluster.deliver({ ...said, from });
  }

  expect(follower.raft.commit).toBe(1);
});

test('an acknowledgement says who speaks, of what, by which clock', () => {
  const { cluster, follower, leader, log } = following([2]);
  const before = cluster.sent.length;
  const fresh = entriesAfter(at(log, 2), { term: 2 });

  cluster.deliver(appendTo(follower, leader, at(log, 2), fresh));

  expect(cluster.sent.slice(before).filter(isAcknowledgement)).toEqual([
    {
      ...acknowledgementTo(cluster.node(3), follower, 2, at(fresh, 1)),
      clockMs: cluster.clock(follower),
    },
  ]);
});

test('a leader acknowledges its log when its own write is durable, and not before', () => {
  const cluster = new RaftCluster(3);
  const leader = cluster.electAny();
  leader.slowDisk = true;
  const before = cluster.sent.length;

  const entry = cluster.propose(leader, 'a') as Entry;
  expect(cluster.sent.slice(before).map(({ type }) => type)).toEqual(['append', 'append']);
  cluster.finishWrite(leader);

  const said = cluster.sent.slice(before).filter(isAcknowledgement);
  expect(said).toMatchObject([
    { index: entry.index, hash: entry.hash },
    { index: entry.index, hash: entry.hash },
  ]);
});

test('an append that is refused for its time is acknowledged up to there', () => {
  const { cluster, follower, leader, log } = following([2]);
  const [timely, early] = entriesAfter(
    at(log, 2),
    { term: 2 },
    { term: 2, timeMs: cluster.nowMs + 60_000 },
  );
  if (timely === undefined || early === undefined) return;
  const before = cluster.sent.length;

  cluster.deliver(appendTo(follower, leader, at(log, 2), [timely, early]));

  // It also asks the voters how far the log's time has come.
  const said = cluster.sent.slice(before).filter(({ type }) => type !== 'time-request');
  expect(said).toMatchObject([
    { type: 'append-reply', answer: { refused: 'time', match: 3 } },
    { type: 'acknowledgement', index: 3, hash: timely.hash },
  ]);
});

test('a follower acknowledges what the new leader has shown, not the rest of its log', () => {
  const { cluster, follower, other, log } = following([2, 2, 2]);
  cluster.forgetLeader(follower);
  const before = cluster.sent.length;

  cluster.deliver(appendTo(follower, other, at(log, 2), [], { term: 3 }));
  cluster.tick(follower);

  const said = cluster.sent.slice(before).filter(isAcknowledgement);
  expect(said).toMatchObject([{ term: 3, index: 2, hash: at(log, 2).hash }]);
});

test('the newest acknowledgement is repeated to all voters every 500 ms while an entry is not committed', () => {
  const { cluster, follower, leader, log } = following([2]);
  // Heartbeats keep it a follower.
  const pass = (ticks: number): readonly Acknowledgement[] => {
    const before = cluster.sent.length;
    for (let tick = 0; tick < ticks; tick++) {
      cluster.tick(follower);
      cluster.deliver(appendTo(follower, leader, at(log, 2), []));
    }
    return cluster.sent.slice(before).filter(isAcknowledgement);
  };

  const early = pass(49);
  const repeated = pass(100);
  cluster.deliver(acknowledgementTo(follower, leader, 2, at(log, 2)));
  const idle = pass(200);

  expect(early).toEqual([]);
  expect(repeated).toHaveLength(4);
  expect(new Set(repeated.map(({ to }) => to)).size).toBe(2);
  for (const said of repeated) expect(said).toMatchObject({ term: 2, index: 2 });
  expect(repeated[3]?.clockMs).toBe((repeated[0]?.clockMs ?? 0) + 500);
  expect(idle).toEqual([]);
});

test('an acknowledgement is repeated in no other term, and in no other run of the process', () => {
  const { cluster, follower, leader, other, log } = following([2]);
  const saidWhile = (run: () => void): readonly Acknowledgement[] => {
    const before = cluster.sent.length;
    run();
    return cluster.sent.slice(before).filter(isAcknowledgement);
  };
  const repeat = (): void => {
    for (const peer of [leader, other]) follower.raft.connected(peer.id);
    for (let tick = 0; tick < 200; tick++) cluster.tick(follower);
  };
  cluster.forgetLeader(follower);
  expect(saidWhile(repeat)).toContainEqual(expect.objectContaining({ term: 2, index: 2 }));

  const request = { type: 'vote-request', from: other.id, to: follower.id, pre: false } as const;
  cluster.deliver({ ...request, term: 3, lastIndex: 2, lastTerm: 2 });
  expect(follower.disk.hardState).toEqual({ term: 3, votedFor: other.id });
  const inNewTerm = saidWhile(repeat);
  const fresh = entriesAfter(at(log, 2), { term: 3 });
  const answering = saidWhile(() => cluster.deliver(appendTo(follower, other, at(log, 2), fresh)));
  cluster.crash(follower);
  const afterRestart = saidWhile(() => {
    cluster.restart(follower);
    repeat();
  });

  expect(inNewTerm).toEqual([]);
  // The entries that were durable before, then those that are now.
  expect(answering).toMatchObject([
    { term: 3, index: 2 },
    { term: 3, index: 3 },
  ]);
  expect(follower.raft.commit).toBeLessThan(follower.raft.lastIndex);
  expect(afterRestart).toEqual([]);
});

test('a peer that becomes reachable again is told the newest acknowledgement', () => {
  const { cluster, follower, other, log } = following([2]);
  const before = cluster.sent.length;

  follower.raft.connected(other.id);
  cluster.pump();

  expect(cluster.sent.slice(before)).toMatchObject([
    { type: 'acknowledgement', to: other.id, index: 2, hash: at(log, 2).hash },
  ]);
});

test('an acknowledgement is no answer: a leader that hears nothing else steps down', () => {
  const cluster = new RaftCluster(3);
  const leader = cluster.electAny();
  cluster.loses = ({ type, to }) => to === leader.id && type !== 'acknowledgement';
  const { term } = leader.raft;
  const id = cluster.read(leader);
  const last = leader.raft.entry(leader.raft.lastIndex);
  if (last === undefined) return;

  for (let tick = 0; tick < 70 && leader.raft.role === 'leader'; tick++) {
    for (const node of cluster.nodes) {
      if (node !== leader) cluster.deliver(acknowledgementTo(leader, node, term, last));
    }
    expect(leader.reads.has(id)).toBe(false);
    cluster.tick(leader);
  }

  expect(leader.raft.role).toBe('follower');
  expect(leader.raft.term).toBe(term);
  expect(leader.reads.get(id)).toBeUndefined();
  expect(leader.reads.has(id)).toBe(true);
});

test('an acknowledgement ends no probe', () => {
  const cluster = new RaftCluster(3);
  const leader = cluster.node(1);
  const behind = cluster.node(2);
  cluster.loses = ({ from }) => from === behind.id;
  cluster.elect(leader);
  const last = leader.raft.entry(leader.raft.lastIndex);
  if (last === undefined) return;
  cluster.propose(leader, 'a');
  cluster.settle();

  const answers = cluster.ask(acknowledgementTo(leader, behind, leader.raft.term, last));

  // One append is under way to a follower whose log is not known, and has no answer yet.
  expect(answers).toEqual([]);
  expect(leader.raft.matchOf(behind.id)).toBe(0);
});

test('an acknowledgement moves no term, and wakes no reply', () => {
  const { cluster, follower, other, log } = following([2]);
  const before = cluster.sent.length;
  cluster.forgetLeader(follower);

  for (const term of [1, 2, 3, 99]) {
    cluster.deliver(acknowledgementTo(follower, other, term, at(log, 2)));
  }

  expect(follower.raft.term).toBe(2);
  expect(cluster.sent.slice(before)).toEqual([]);
});

test('a log that was acknowledged in a term is not given up for another one of its leader', () => {
  const { cluster, follower, leader, other, log } = following([2, 2]);
  const forked = entriesAfter(genesisOf(follower), { term: 1 }, { term: 2, text: 'other' });
  const before = cluster.sent.length;

  cluster.deliver(appendTo(follower, leader, genesisOf(follower), forked, { term: 2 }));
  cluster.deliver(appendTo(follower, leader, at(forked, 1), [], { term: 2 }));

  expect(follower.disk.entries).toEqual(log);
  expect(cluster.sent.slice(before)).toEqual([]);
  const alarm = 'An append contradicts what its leader has sent before';
  expect(follower.alarms).toEqual([alarm, alarm]);

  // Another leader's log is its own.
  cluster.forgetLeader(follower);
  const later = entriesAfter(genesisOf(follower), { term: 3 });
  cluster.deliver(appendTo(follower, other, genesisOf(follower), later));
  expect(follower.disk.entries).toEqual([genesisOf(follower), ...later]);
});

test('below its level no acknowledgement is sent, and the leader tells of a commit itself', () => {
  const cluster = new RaftCluster(3, {}, OLD_LEVEL);
  const leader = cluster.electAny();
  const before = cluster.sent.length;

  cluster.propose(leader, 'a');
  cluster.settle();
  cluster.run(200);

  for (const node of cluster.nodes) expect(commands(node.applied)).toEqual(['a']);
  expect(cluster.sent.slice(before).filter(isAcknowledgement)).toEqual([]);
});

test('once the level is raised, what was acknowledged to the leader is told to all', () => {
  const cluster = new RaftCluster(3, {}, OLD_LEVEL);
  const leader = cluster.electAny();
  const before = cluster.sent.length;

  for (const node of cluster.nodes) node.raft.agreed({ level: 3, correctionMs: 0 });
  cluster.settle();

  const said = cluster.sent.slice(before).filter(isAcknowledgement);
  expect(said).toHaveLength(4);
  for (const { index } of said) expect(index).toBe(leader.raft.lastIndex);
});

test('a leader confirms no read before its commit index has reached what a follower may know', () => {
  const cluster = new RaftCluster(3);
  const leader = cluster.electAny();
  const [first, second] = cluster.nodes.filter((node) => node !== leader);
  if (!first || !second) return;
  // The followers hear each other and the leader; of their answers it hears only those to rounds.
  const late: Message[] = [];
  cluster.loses = (message) => {
    const isLate =
      message.to === leader.id &&
      message.type === 'append-reply' &&
      message.answer.refused === undefined &&
      message.answer.match === 3;
    if (isLate) late.push(message);
    return isLate;
  };
  cluster.propose(leader, 'a');
  cluster.settle();
  expect([first, second].map(({ raft }) => raft.commit)).toEqual([3, 3]);
  expect(leader.raft.commit).toBe(2);

  const id = cluster.read(leader);
  cluster.settle();
  for (const message of late.splice(0)) {
    if (message.type !== 'append-reply') continue;
    // The round is answered, but nothing of the log.
    cluster.deliver({ ...message, answer: { refused: undefined, match: 2 } });
  }
  expect(leader.raft.commit).toBe(2);
  expect(leader.reads.has(id)).toBe(false);
  cluster.heal();
  cluster.run(6);

  expect(leader.reads.get(id)).toBe(3);
});
