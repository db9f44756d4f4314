import { expect, test } from '@jest/globals';

import { addCounts, noCounts } from '../counts.js';
import { simulate } from '../simulation.js';
import { gg20Lives, keyLives } from './scenario.js';

const SEEDS = [6];
const LIAR_SEEDS = [7];
const GG20_SEEDS = [3];
const TIMEOUT_MS = 600_000;

test(
  'keys that are reshared, refreshed, retired, restored and destroyed are kept, and end, under many faults',
  async () => {
    const counts = noCounts();
    for (const seed of SEEDS) {
      const result = await simulate(seed, keyLives());
      const again = `npm run simulate -- --lives --trace --seed ${seed}`;
      expect([again, result.violations]).toEqual([again, []]);
      addCounts(counts, result.counts);
    }
    expect(counts.newVersions).toBeGreaterThan(2 * SEEDS.length);
    expect(counts.refreshes).toBeGreaterThan(0);
    expect(counts.retiredKeys).toBeGreaterThan(0);
    expect(counts.restoredKeys).toBeGreaterThan(0);
    expect(counts.signatures).toBeGreaterThan(5 * SEEDS.length);
  },
  TIMEOUT_MS,
);

test(
  'beside a malicious node keys are kept, and end, as its lies have it nowhere',
  async () => {
    const counts = noCounts();
    for (const seed of LIAR_SEEDS) {
      const result = await simulate(seed, keyLives(), { profile: 'byzantine' });
      const again = `npm run simulate -- --lives --profile byzantine --trace --seed ${seed}`;
      expect([again, result.violations]).toEqual([again, []]);
      addCounts(counts, result.counts);
    }
    expect(counts.lies).toBeGreaterThan(50 * LIAR_SEEDS.length);
    expect(counts.newVersions).toBeGreaterThan(0);
    expect(counts.retiredKeys).toBeGreaterThan(0);
    expect(counts.signatures).toBeGreaterThan(0);
  },
  TIMEOUT_MS,
);

test(
  'keys for threshold ECDSA are kept, and end, with presignatures and material for each version',
  async () => {
    const counts = noCounts();
    for (const seed of GG20_SEEDS) {
      const result = await simulate(seed, gg20Lives({ presignatures: 2 }));
      const again = `npm run simulate -- --lives --presign --trace --seed ${seed}`;
      expect([again, result.violations]).toEqual([again, []]);
      addCounts(counts, result.counts);
    }
    expect(counts.newVersions).toBeGreaterThan(GG20_SEEDS.length);
    expect(counts.presignaturesUsed).toBeGreaterThan(0);
    expect(counts.signatures).toBeGreaterThan(2 * GG20_SEEDS.length);
  },
  TIMEOUT_MS,
);

test(
  'the same seed with signed requests and nights gives the same run',
  async () => {
    const [first, again] = [await simulate(1, keyLives()), await simulate(1, keyLives())];
    expect(again).toEqual(first);
  },
  TIMEOUT_MS,
);
