import { describe, expect, test } from '@jest/globals';
import { CORRECTION_GRACE_MS, TIME_ASKED_MS } from '../../src/raft/limits.js';
import type { Node } from '../support/clusters/raft-cluster.js';
import { commands, RaftCluster } from '../support/clusters/raft-cluster.js';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

function timeOf(node: Node): number {
  return node.raft.entry(node.raft.lastIndex)?.timeMs ?? 0;
}

/** Proposes, and gives the time of the entry. */
function stamped(cluster: RaftCluster, leader: Node, text: string): number {
  const entry = cluster.propose(leader, text);
  if (typeof entry === 'string') throw new Error(entry);
  return entry.timeMs;
}

/** Two clocks of three are wrong alike for a while; then all are right, and the log's time is not. */
function wrong(): { readonly cluster: RaftCluster; readonly leader: Node; readonly late: Node } {
  const cluster = new RaftCluster(3);
  for (const at of [1, 2]) cluster.node(at).skewMs = DAY;
  cluster.elect(cluster.node(1));
  cluster.run(10);
  cluster.propose(cluster.node(1), 'in the wrong time');
  cluster.run(10);
  for (const node of cluster.nodes) node.skewMs = 0;
  cluster.run(10);
  return { cluster, leader: cluster.node(1), late: cluster.node(3) };
}

/** Two of three have applied an entry that the third refuses. */
function refusing(level = 3): { readonly cluster: RaftCluster; readonly late: Node } {
  const cluster = new RaftCluster(3, {}, level);
  cluster.loses = ({ type }) => type === 'time-reply';
  const late = cluster.node(3);
  for (const at of [1, 2]) cluster.node(at).skewMs = DAY;
  cluster.elect(cluster.node(1));
  return { cluster, late };
}

describe('a long step of the log’s time', () => {
  test('a long step is taken when a majority of the clocks agrees, however long nothing was written', () => {
    const cluster = new RaftCluster(3);
    for (const node of cluster.nodes) node.skewMs = 30 * DAY;
    const leader = cluster.electAny();
    cluster.run(10);

    expect(stamped(cluster, leader, 'a')).toBeGreaterThan(cluster.nowMs + 30 * DAY - 1000);
    cluster.run(10);

    for (const node of cluster.nodes) expect(commands(node.applied)).toEqual(['a']);
  });

  test('a long step is not taken while two clocks of three are wrong, each in its way', () => {
    const cluster = new RaftCluster(3);
    cluster.node(1).skewMs = 3 * DAY;
    cluster.node(2).skewMs = DAY;
    const leader = cluster.electAny();
    cluster.run(20);

    const before = timeOf(leader);
    expect(stamped(cluster, leader, 'a')).toBe(before);
    cluster.run(20);

    for (const node of cluster.nodes) expect(commands(node.applied)).toEqual(['a']);
    expect(before).toBeLessThan(cluster.nowMs + HOUR);
    expect(leader.alarms).toContain('The clocks of no majority agree');

    cluster.node(1).skewMs = 0;
    cluster.run(10);
    const now = stamped(cluster, leader, 'b');
    expect(Math.abs(now - cluster.nowMs)).toBeLessThan(1000);
  });

  test('a step of less than an hour needs no clocks that agree', () => {
    const cluster = new RaftCluster(3);
    cluster.node(1).skewMs = 50 * 60_000;
    cluster.node(2).skewMs = 20 * 60_000;
    cluster.elect(cluster.node(2));
    cluster.run(20);

    expect(stamped(cluster, cluster.node(2), 'a')).toBeGreaterThan(cluster.nowMs + 19 * 60_000);
  });
});

describe('a correction of the log’s time', () => {
  test('the time stands still until it is corrected, and then goes on with the clocks', () => {
    const { cluster, leader } = wrong();
    const wrongMs = timeOf(leader);
    expect(wrongMs).toBeGreaterThan(cluster.nowMs + DAY - 1000);
    cluster.run(100);
    expect(stamped(cluster, leader, `correct ${wrongMs - cluster.nowMs}`)).toBe(wrongMs);
    const correctedMs = cluster.nowMs;
    cluster.run(20);

    expect(stamped(cluster, leader, 'at once')).toBe(wrongMs);
    cluster.run(CORRECTION_GRACE_MS / 10 + 10);
    const later = stamped(cluster, leader, 'later') - wrongMs;
    expect(Math.abs(later - (cluster.nowMs - correctedMs))).toBeLessThan(100);
    cluster.run(20);

    for (const node of cluster.nodes) {
      expect(commands(node.applied).slice(-2)).toEqual(['at once', 'later']);
      const times = node.applied.map(({ timeMs }) => timeMs);
      expect(times).toEqual(times.toSorted((a, b) => a - b));
    }
    expect(cluster.leader).toBe(leader);
  });

  test('a node that restarts goes on with the correction', () => {
    const { cluster, leader } = wrong();
    const backMs = timeOf(leader) - cluster.nowMs;
    cluster.propose(leader, `correct ${backMs}`);
    cluster.run(200);
    for (const [at, node] of cluster.nodes.entries()) {
      cluster.crash(node);
      cluster.restart(node, 99 + at);
    }
    const next = cluster.electAny();
    // A node that has to apply the correction once more waits once more.
    cluster.run(CORRECTION_GRACE_MS / 10 + 10);
    expect(Math.abs(stamped(cluster, next, 'b') - backMs - cluster.nowMs)).toBeLessThan(1000);
  });

  test('a correction that takes too much is none: the clocks say what time it is', () => {
    const { cluster, leader } = wrong();
    const backMs = timeOf(leader) - cluster.nowMs + 5 * DAY;
    cluster.propose(leader, `correct ${backMs}`);
    cluster.run(200);
    expect(Math.abs(stamped(cluster, leader, 'b') - backMs - cluster.nowMs)).toBeLessThan(1000);
    cluster.run(20);
    for (const node of cluster.nodes) expect(commands(node.applied).at(-1)).toBe('b');
  });
});

describe('a node that has refused entries for their time', () => {
  test('a node that has refused entries takes what a majority says that it has applied, and follows the log again', () => {
    const { cluster, late } = refusing();
    cluster.run(200);
    expect(commands(late.applied)).toEqual([]);
    cluster.heal();
    cluster.propose(cluster.node(1), 'a');
    cluster.run(200);
    expect(commands(late.applied)).toEqual(['a']);
  });

  test('the word of one voter is not enough, whatever it says and however often', () => {
    const { cluster, late } = refusing();
    cluster.loses = ({ type, from }) => type === 'time-reply' && from !== cluster.node(1).id;
    cluster.run(200);
    const { term } = late.raft;
    for (let count = 0; count < 5; count++) {
      cluster.deliver({
        type: 'time-reply',
        from: cluster.node(1).id,
        to: late.id,
        term,
        timeMs: cluster.nowMs + 400 * DAY,
      });
    }
    cluster.propose(cluster.node(1), 'a');
    cluster.run(200);
    expect(commands(late.applied)).toEqual([]);
    expect(timeOf(late)).toBeLessThan(cluster.nowMs + HOUR);
  });

  test('a node that refuses entries for their time asks the others at a bounded rate, and not below level 3', () => {
    const { cluster, late } = refusing();
    const before = cluster.sent.length;
    cluster.run(500);
    const asked = cluster.sent.slice(before).filter(({ type }) => type === 'time-request');
    expect(asked.every(({ from }) => from === late.id)).toBe(true);
    expect(asked.length).toBeGreaterThan(2);
    expect(asked.length).toBeLessThanOrEqual(2 * (5000 / TIME_ASKED_MS + 1));

    const old = refusing(2);
    old.cluster.run(500);
    expect(old.cluster.sent.some(({ type }) => type === 'time-request')).toBe(false);
  });
});
