import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { CLOCK_AHEAD_MAX_MS } from '../../src/raft/time.js';
import { commands, RaftCluster } from '../support/clusters/raft-cluster.js';
import type { Node } from '../support/clusters/raft-cluster.js';

/** One step of a story: clocks that go wrong, by how much, and how long they stay so. */
type Step = { readonly node: number; readonly skewMs: number; readonly ticks: number };

const HOUR = 3_600_000;
const SKEWS = [0, 900, -900, 4_000, 30_000, HOUR, 5 * HOUR, 400 * 24 * HOUR, -HOUR];

const stepsOf = (nodes: number): fc.Arbitrary<readonly Step[]> =>
  fc.array(
    fc.record({
      node: fc.integer({ min: 1, max: nodes }),
      skewMs: fc.constantFrom(...SKEWS),
      ticks: fc.integer({ min: 1, max: 80 }),
    }),
    { minLength: 1, maxLength: 12 },
  );

const timeOf = (node: Node): number => node.raft.entry(node.raft.lastIndex)?.timeMs ?? 0;
const latestOf = (cluster: RaftCluster): number => Math.max(...cluster.nodes.map(timeOf));

/** Has whatever node leads propose, if one does. */
function propose(cluster: RaftCluster, text: string): boolean {
  const { leader } = cluster;
  return leader !== undefined && typeof cluster.propose(leader, text) !== 'string';
}

function play(cluster: RaftCluster, steps: readonly Step[]): void {
  for (const [at, { node, skewMs, ticks }] of steps.entries()) {
    cluster.node(node).skewMs = skewMs;
    cluster.run(ticks);
    propose(cluster, `step ${at}`);
    cluster.run(5);
  }
}

/** All clocks are hours fast for longer than a jump must last: what calls for a correction, whatever else is drawn. */
function allFast(count: number): Step[] {
  return Array.from({ length: count }, (_, at) => ({
    node: at + 1,
    skewMs: 7_200_000,
    ticks: at + 1 < count ? 0 : 4_000,
  }));
}

test.each([3, 5])(
  'after any mistakes of the clocks of %i nodes, right clocks and one correction bring all nodes and the time together',
  (count) => {
    let corrected = 0;
    fc.assert(
      fc.property(stepsOf(count), (steps) => {
        const cluster = new RaftCluster(count);
        play(cluster, steps);
        for (const node of cluster.nodes) node.skewMs = 0;
        cluster.run(400);
        const backMs = latestOf(cluster) - cluster.nowMs;
        if (backMs > 0 && propose(cluster, `correct ${backMs}`)) corrected += 1;
        cluster.run(400);

        expect(propose(cluster, 'together')).toBe(true);
        cluster.run(100);

        for (const node of cluster.nodes) {
          expect(commands(node.applied)).toEqual(commands(cluster.node(1).applied));
          expect(commands(node.applied).at(-1)).toBe('together');
          const times = node.applied.map(({ timeMs }) => timeMs);
          expect(times).toEqual(times.toSorted((a, b) => a - b));
          const aheadMs = timeOf(node) - Math.max(0, backMs) - cluster.nowMs;
          expect(Math.abs(aheadMs)).toBeLessThan(2_000);
        }
      }),
      { numRuns: 60 / count, examples: [[allFast(count)]] },
    );
    expect(corrected).toBeGreaterThan(0);
  },
);

test.each([3, 5])(
  'while most clocks of %i nodes are right, the log’s time is never ahead of them by more than a follower takes',
  (count) => {
    const wrong = (count - 1) / 2;
    fc.assert(
      fc.property(stepsOf(wrong), (steps) => {
        const cluster = new RaftCluster(count);
        play(cluster, steps);
        expect(latestOf(cluster)).toBeLessThanOrEqual(cluster.nowMs + CLOCK_AHEAD_MAX_MS);
      }),
      { numRuns: 60 / count },
    );
  },
);
