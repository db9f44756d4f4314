import { expect, test } from '@jest/globals';

import { addCounts, noCounts } from './counts.js';
import type { FaultRates } from './fault-rates.js';
import { raftAlone } from './raft-alone.js';
import { simulate } from './simulation.js';
import { wholeNodes } from './whole-nodes.js';

/** The first seeds, and one that runs on the curve that is shipped. */
const SEEDS = [1, 2, 3, 50];
const BYZANTINE_SEEDS = [1, 2];
const OLD_DISK_SEEDS = [1, 2];
const TWICE = [2, 50];
const TRANSFERS_EVERY_MS = 50;
const TIMEOUT_MS = 600_000;

const manyTransfers = {
  altered: (rates: FaultRates): FaultRates => ({
    ...rates,
    every: { ...rates.every, transferMs: TRANSFERS_EVERY_MS },
  }),
};

test(
  'whole nodes keep every invariant under many faults',
  async () => {
    const counts = noCounts();
    for (const seed of SEEDS) {
      const result = await simulate(seed, wholeNodes);
      expect(result.violations).toEqual([]);
      addCounts(counts, result.counts);
    }
    expect(counts.leaderChanges).toBeGreaterThan(2.5 * SEEDS.length);
    expect(counts.restarts).toBeGreaterThan(5 * SEEDS.length);
    expect(counts.shares).toBeGreaterThan(25 * SEEDS.length);
    expect(counts.droppedMessages).toBeGreaterThan(50 * SEEDS.length);
    expect(counts.keys).toBeGreaterThan(0);
    expect(counts.signatures).toBeGreaterThan(5 * SEEDS.length);
    expect(counts.earlyAnswers).toBeGreaterThan(counts.signatures / 2);
  },
  TIMEOUT_MS,
);

test(
  'consensus alone keeps every invariant',
  async () => {
    for (const seed of SEEDS) {
      expect((await simulate(seed, raftAlone)).violations).toEqual([]);
    }
  },
  TIMEOUT_MS,
);

test(
  'transfers that are ordered every 50 ms break no invariant, of consensus alone and of whole nodes',
  async () => {
    const counts = noCounts();
    for (const seed of SEEDS) {
      const alone = await simulate(seed, raftAlone, manyTransfers);
      const whole = await simulate(seed, wholeNodes, manyTransfers);
      for (const result of [alone, whole]) {
        expect(result.violations).toEqual([]);
        addCounts(counts, result.counts);
      }
    }
    expect(counts.transfers).toBeGreaterThan(20 * SEEDS.length);
  },
  TIMEOUT_MS,
);

test(
  'honest nodes beside a malicious node keep the claim of docs/threats.md',
  async () => {
    const counts = noCounts();
    for (const seed of BYZANTINE_SEEDS) {
      const result = await simulate(seed, wholeNodes, { profile: 'byzantine' });
      expect(result.violations).toEqual([]);
      addCounts(counts, result.counts);
    }
    expect(counts.lies).toBeGreaterThan(100 * BYZANTINE_SEEDS.length);
    expect(counts.shares).toBeGreaterThan(20 * BYZANTINE_SEEDS.length);
  },
  TIMEOUT_MS,
);

test(
  'a node with a restored old disk is convicted, repeats no nonce, and makes no share of a past session',
  async () => {
    const counts = noCounts();
    for (const seed of OLD_DISK_SEEDS) {
      const result = await simulate(seed, wholeNodes, { staleImages: true });
      expect(result.violations).toEqual([]);
      addCounts(counts, result.counts);
    }
    expect(counts.staleImages).toBeGreaterThan(OLD_DISK_SEEDS.length);
    expect(counts.lostLogs).toBeGreaterThan(0);
    expect(counts.shares).toBeGreaterThan(0);
  },
  TIMEOUT_MS,
);

test(
  'the same seed gives the same run, event for event',
  async () => {
    for (const seed of TWICE) {
      const lines: string[] = [];
      const first = await simulate(seed, wholeNodes, { print: (line) => void lines.push(line) });
      const again: string[] = [];
      const second = await simulate(seed, wholeNodes, { print: (line) => void again.push(line) });
      expect(second).toEqual(first);
      expect(again).toEqual(lines);
    }
    const lies = await simulate(1, wholeNodes, { profile: 'byzantine' });
    expect(await simulate(1, wholeNodes, { profile: 'byzantine' })).toEqual(lies);
    const [one, two] = [await simulate(2, raftAlone), await simulate(3, raftAlone)];
    expect(one.digest).not.toBe(two.digest);
  },
  TIMEOUT_MS,
);
