import { expect, test } from '@jest/globals';

import { nodeId } from '../../../src/common/index.js';
import type { FaultRates } from '../../simulation/fault-rates.js';
import type { Process, Status } from '../../simulation/process.js';
import { simulate, type MakeScenario } from '../../simulation/simulation.js';

const LEADER = nodeId('node-1');
const FOLLOWING: Status = { term: 1, leader: LEADER, commit: 0, applied: 0 };

/** Machines that say this of themselves, once the faults are over, and do nothing. */
function saying(statusOf: (node: string) => Status): MakeScenario<Process> {
  return ({ world, rates }) => ({
    start: async (node) => ({
      receive: () => undefined,
      connected: () => undefined,
      disconnected: () => undefined,
      status: () => (world.now() < rates.faultsMs ? FOLLOWING : statusOf(node)),
      stop: () => Promise.resolve(),
    }),
    workload: {
      start: () => undefined,
      stop: () => undefined,
      settled: () => true,
      conclude: () => undefined,
      audit: () => undefined,
      describe: () => 'nothing was asked',
    },
    naming: { sessionOf: () => '', taskOf: () => '', requestIdOf: () => undefined },
    genesisRules: {
      voucherOf: () => undefined,
      requestHash: () => new Uint8Array(0),
      culpritOf: () => undefined,
    },
    readShare: () => undefined,
    lasts: 1,
    shares: () => ({
      has: () => false,
      makeKey: () => Promise.resolve(false),
      sessionsOf: () => [],
    }),
  });
}

const short = (rates: FaultRates): FaultRates => ({ ...rates, faultsMs: 100 });

async function toldOf(statusOf: (node: string) => Status): Promise<string[]> {
  const { violations } = await simulate(1, saying(statusOf), { profile: 'calm', altered: short });
  return violations.map(({ checker, detail }) => `${checker}: ${detail}`);
}

function split(node: string): Status {
  return node === 'node-3' ? { ...FOLLOWING, term: 2 } : FOLLOWING;
}

function behind(node: string): Status {
  return node === 'node-2' ? { ...FOLLOWING, commit: 1 } : FOLLOWING;
}

test('a mended cluster in which all follow one leader and have applied the same breaks no invariant', async () => {
  expect(await toldOf(() => FOLLOWING)).toEqual([]);
});

test('a mended cluster in which nobody leads after ten election timeouts is told', async () => {
  const leaderless = { ...FOLLOWING, leader: undefined };
  expect(await toldOf(() => leaderless)).toEqual(['Liveness: nobody leads: nothing was asked']);
  expect(await toldOf(split)).toEqual(['Liveness: nobody leads: nothing was asked']);
});

test('a mended cluster in which a node has not applied what others have after a minute is told', async () => {
  expect((await toldOf(behind)).filter((each) => each.startsWith('Liveness'))).toEqual([
    'Liveness: no one state: nothing was asked',
  ]);
});
