import { expect, test } from '@jest/globals';
import { nodeId } from '../../../src/common/index.js';
import { noCounts } from '../counts.js';
import type { FaultRates } from '../fault-rates.js';
import { simulate } from '../simulation.js';
import { gg20Nodes } from './scenario.js';
import { SilentLiar } from './silent-liar.js';

const SEED = 1;
const LIAR = nodeId('node-3');
/** A signer signs with a silent one no more after so many of its silences. */
const SILENCES_MAX = 3;
const TIMEOUT_MS = 120_000;

function altered(rates: FaultRates): FaultRates {
  return { ...rates, liar: LIAR, faultsMs: rates.faultsMs * 3 };
}

test(
  'a signer that is silent when a failed sum is looked into is left out, is no culprit, and stops no key',
  async () => {
    const liars: SilentLiar[] = [];
    const make = gg20Nodes({
      makeLiar: (parts) => {
        const liar = new SilentLiar(parts);
        liars.push(liar);
        return liar;
      },
    });
    const { counts, violations } = await simulate(SEED, make, { profile: 'calm', altered });
    const silences = liars.reduce((sum, { sessions }) => sum + sessions.size, 0);
    expect(violations).toEqual([]);
    expect(silences).toBeGreaterThan(0);
    // Each of the two others counts for itself.
    expect(silences).toBeLessThanOrEqual(2 * SILENCES_MAX);
    expect(counts.culprits).toBe(noCounts().culprits);
    expect(counts.signatures).toBeGreaterThan(2 * silences);
  },
  TIMEOUT_MS,
);
