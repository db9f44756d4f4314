import { expect, test } from '@jest/globals';

import { addCounts, noCounts } from '../counts.js';
import { simulate } from '../simulation.js';
import { gg20Nodes } from './scenario.js';

const SEEDS = [1];
const TIMEOUT_MS = 600_000;

test.each(['faults', 'byzantine'] as const)(
  'presignatures are made ahead, and each is used once, where machines fail and signers lie: %s',
  async (profile) => {
    const counts = noCounts();
    for (const seed of SEEDS) {
      const result = await simulate(seed, gg20Nodes({ presignatures: 2 }), { profile });
      const again = `npm run simulate -- --presign --profile ${profile} --trace --seed ${seed}`;
      expect([again, result.violations]).toEqual([again, []]);
      addCounts(counts, result.counts);
    }
    expect(counts.presignatures).toBeGreaterThan(2 * SEEDS.length);
    expect(counts.presignaturesUsed).toBeGreaterThan(SEEDS.length);
  },
  TIMEOUT_MS,
);
