import { describe, expect, test } from '@jest/globals';
import type { Message } from '../../src/raft/index.js';
import { DEPOSITIONS, TERM_JUMP_MAX, TERM_MOVES } from '../../src/raft/limits.js';
import { RaftCluster } from '../support/clusters/raft-cluster.js';
import type { Node } from '../support/clusters/raft-cluster.js';

const FLOOD = 5_000;

type Making = (from: Node, to: Node, term: number) => Message;
const head = (from: Node, to: Node, term: number) => ({ from: from.id, to: to.id, term });
const clockMs = 1_700_000_000_000;

/** Each kind of message that a member can send in a later term. */
const KINDS: Readonly<Record<string, Making>> = {
  'pre-vote request': (...at) => voteRequest(true, 99, ...at),
  'vote request': (...at) => voteRequest(false, 99, ...at),
  'granted pre-vote': (...at) => voteReply(true, true, ...at),
  'refused pre-vote': (...at) => voteReply(true, false, ...at),
  'refused vote': (...at) => voteReply(false, false, ...at),
  append: (...at) => ({
    type: 'append',
    ...head(...at),
    round: 0,
    prevIndex: 1,
    prevTerm: 1,
    prevHash: new Uint8Array(32),
    entries: [],
    commit: 0,
  }),
  'append reply': (...at) => staleAnswer(...at),
  'read request': (...at) => ({ type: 'read-request', ...head(...at), readId: 1 }),
  'word of a leader': (from, to, term) => ({
    type: 'timeout-now',
    ...head(from, to, term),
    target: to.id,
    lastIndex: 1,
    lastTerm: term,
  }),
  'read reply': (...at) => ({ type: 'read-reply', ...head(...at), readId: 1, index: undefined }),
};

function voteRequest(pre: boolean, lastIndex: number, ...at: Parameters<Making>): Message {
  return { type: 'vote-request', ...head(...at), pre, lastIndex, lastTerm: 1 };
}

function voteReply(pre: boolean, granted: boolean, ...at: Parameters<Making>): Message {
  return { type: 'vote-reply', ...head(...at), pre, granted, clockMs };
}

function staleAnswer(...at: Parameters<Making>): Message {
  const answer = { refused: 'conflict', prevIndex: 1, hintIndex: 0, hintTerm: 0 } as const;
  return { type: 'append-reply', ...head(...at), round: 0, clockMs, answer };
}

describe.each(Object.entries(KINDS))('a flood of the kind %s', (_, make) => {
  test.each([
    ['term + 1', (term: number) => term + 1],
    ['term + 2^20', (term: number) => term + 2 ** 20],
    ['the last term', () => Number.MAX_SAFE_INTEGER],
  ])('in %s deposes no leader that is heard, and moves no term', (_name, ahead) => {
    const cluster = new RaftCluster(3);
    const leader = cluster.electAny();
    const [follower, bad] = cluster.nodes.filter((node) => node !== leader);
    if (!follower || !bad) throw new Error('three nodes');
    const { term } = leader.raft;

    for (let count = 0; count < FLOOD; count++) {
      cluster.deliver(make(bad, leader, ahead(term)));
      cluster.deliver(make(bad, follower, ahead(term)));
    }
    cluster.run(100);

    expect([leader, follower].map(({ raft }) => [raft.leader, raft.term])).toEqual([
      [leader.id, term],
      [leader.id, term],
    ]);
    expect([...leader.alarms, ...follower.alarms]).toEqual([]);
  });

  test('moves the term of a node that hears no leader at a bounded rate', () => {
    const cluster = new RaftCluster(3);
    const [node, bad] = [cluster.node(1), cluster.node(2)];
    cluster.isolate(node);
    const seconds = 3;

    for (let tick = 0; tick < seconds * 100; tick++) {
      for (let count = 0; count < 20; count++) {
        cluster.deliver(make(bad, node, Number.MAX_SAFE_INTEGER));
      }
      cluster.tick(node);
    }

    const moves = TERM_MOVES.burst + TERM_MOVES.perSecond * seconds + 1;
    expect(node.raft.term).toBeLessThanOrEqual(1 + moves * TERM_JUMP_MAX);
  });
});

test('a member that claims a later term without end deposes a leader once a minute at most', () => {
  const cluster = new RaftCluster(3);
  const leader = cluster.electAny();
  const [, bad] = cluster.nodes.filter((node) => node !== leader);
  if (!bad) throw new Error('three nodes');
  cluster.isolate(bad);
  const minutes = 3;
  const terms = new Set<number>();

  for (let tick = 0; tick < minutes * 6_000; tick++) {
    for (const node of cluster.nodes) {
      if (node === bad) continue;
      terms.add(node.raft.term);
      cluster.deliver(staleAnswer(bad, node, node.raft.term + 1));
    }
    cluster.run(1);
  }

  // Each of the two honest nodes may be deposed so often; it and its successor each move the term by one.
  const deposed = 2 * (DEPOSITIONS.burst + DEPOSITIONS.perSecond * 60 * minutes);
  expect(terms.size).toBeLessThanOrEqual(1 + 2 * deposed);
  expect(cluster.leader).toBeDefined();
  const kinds = new Set(cluster.nodes.flatMap(({ alarms }) => alarms));
  expect([...kinds]).toEqual(['A follower stays in a later term than its leader']);
});

test('a member that only moves terms does not keep the others from electing a leader', () => {
  const cluster = new RaftCluster(3);
  const bad = cluster.node(3);
  cluster.isolate(bad);

  for (let tick = 0; tick < 1_000 && cluster.leader === undefined; tick++) {
    for (const node of [cluster.node(1), cluster.node(2)]) {
      cluster.deliver(voteRequest(false, 1, bad, node, node.raft.term + 1));
    }
    cluster.run(1);
  }

  expect(cluster.leader).toBeDefined();
});
