import { expect, test } from '@jest/globals';

import { PROFILES } from '../../../src/gg20/index.js';
import { addCounts, noCounts } from '../counts.js';
import { simulate, type Result } from '../simulation.js';
import { gg20Nodes } from './scenario.js';
import { SIMULATED_SETS } from './tables.js';

const SEEDS = [3];
const BYZANTINE_SEEDS = [1];
const TIMEOUT_MS = 120_000;

/** A run that fails says how to see it again. */
function broken(profile: string, { seed, violations }: Result): readonly string[] {
  const again = `npm run simulate -- --gg20 --profile ${profile} --trace --seed ${seed}`;
  return violations.map(({ checker, detail }) => `${checker}: ${detail} (${again})`);
}

test(
  'threshold ECDSA keeps every invariant under many faults',
  async () => {
    const counts = noCounts();
    for (const seed of SEEDS) {
      const result = await simulate(seed, gg20Nodes());
      expect(broken('faults', result)).toEqual([]);
      addCounts(counts, result.counts);
    }
    expect(counts.keys).toBeGreaterThan(0);
    expect(counts.signatures).toBeGreaterThan(5 * SEEDS.length);
    expect(counts.restarts).toBeGreaterThan(5 * SEEDS.length);
    expect(counts.leaderChanges).toBeGreaterThan(2 * SEEDS.length);
  },
  TIMEOUT_MS,
);

test(
  'beside a signer that lies in its messages honest nodes check every proof, and it alone is named',
  async () => {
    const counts = noCounts();
    for (const seed of BYZANTINE_SEEDS) {
      const result = await simulate(seed, gg20Nodes(), { profile: 'byzantine' });
      expect(broken('byzantine', result)).toEqual([]);
      addCounts(counts, result.counts);
    }
    expect(counts.lies).toBeGreaterThan(2 * BYZANTINE_SEEDS.length);
    expect(counts.culprits).toBeGreaterThan(0);
    expect(counts.signatures).toBeGreaterThan(2 * BYZANTINE_SEEDS.length);
  },
  TIMEOUT_MS,
);

test('the parameter sets of the simulator are of no profile that there is', () => {
  for (const { profile } of SIMULATED_SETS) {
    for (const known of Object.values(PROFILES)) expect(profile).not.toEqual(known);
    expect(profile.modulusBits).toBeLessThan(PROFILES.P2048.modulusBits);
  }
});
