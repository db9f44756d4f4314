import { gg20Tenant, type Gg20Options } from '../gg20/scenario.js';
import { Rng } from '../rng.js';
import type { MakeScenario } from '../simulation.js';
import type { Tenant } from '../tenant.js';
import { wholeNodesWith, type NodeProcess } from '../whole-nodes.js';
import { SimulatedOperator } from './operator.js';
import {
  FROST_PACE,
  GG20_PACE,
  LIVING_GG20_KEYS,
  LIVING_KEYS,
  requestIdInALife,
  requestsInALife,
} from './requests.js';
import type { Pace } from './requests.js';
import type { KeyRequests } from '../requests.js';

type Setting = Parameters<MakeScenario<NodeProcess>>[0];

/** How keys live in a scenario. */
type Lives = {
  readonly keys: KeyRequests;
  readonly pace: Pace;
  /** The phase with faults is longer by so much: a key's life has more in it than signatures. */
  readonly lasts: number;
  /** Before it no night passes. */
  readonly firstNightMs: number;
  /** Mean time between two nights, in which all calendars go on by so much, and nothing else happens. */
  readonly nightEveryMs: number;
  /** A step of more than an hour, which several in a row can make, is taken only where clocks agree. */
  readonly nightMs: readonly [number, number];
};

const FROST_LIVES: Lives = {
  keys: LIVING_KEYS,
  pace: FROST_PACE,
  lasts: 2,
  firstNightMs: 0,
  nightEveryMs: 4_000,
  nightMs: [240_000, 1_080_000],
};

/** Until then the malicious node is honest: there should be a key. */
const FIRST_LIE_MS = 8_000;

/** No request outlives a night, and each version takes seconds: so nights are few and long. */
const GG20_LIVES: Lives = {
  keys: LIVING_GG20_KEYS,
  pace: GG20_PACE,
  lasts: 2.5,
  firstNightMs: 20_000,
  nightEveryMs: 12_000,
  nightMs: [1_500_000, 2_700_000],
};

/**
 * Whole nodes whose keys live: they are refreshed every hour, reshared, retired, restored and destroyed, and nights pass. Where the seed
 * has a malicious node, that lies in every session and about the lives of keys, and in every other seed tells nodes different logs.
 */
export function keyLives(): MakeScenario<NodeProcess> {
  return wholeNodesWith((setting) => ({
    ...livingKeys(setting, FROST_LIVES),
    liesInAll: {
      forks: setting.seed % 2 === 0,
      begun: () => setting.world.now() >= FIRST_LIE_MS,
    },
  }));
}

/** The same with keys for threshold ECDSA, each version of which rests on material that is made for it. */
export function gg20Lives(options: Gg20Options = {}): MakeScenario<NodeProcess> {
  return wholeNodesWith((setting) => ({
    ...gg20Tenant(setting, options),
    ...livingKeys(setting, GG20_LIVES),
  }));
}

function livingKeys(setting: Setting, lives: Lives): Tenant {
  const { seed, world, rates, nodes } = setting;
  const { keys, pace, lasts, firstNightMs, nightEveryMs, nightMs } = lives;
  const operator = new SimulatedOperator(new Rng(seed, 'operator'));
  const rng = new Rng(seed, 'nights');
  const night = (): void => {
    if (world.now() >= rates.faultsMs * lasts) return;
    world.skippedMs += Math.floor(rng.between(...nightMs));
    world.after(rng.exponential(nightEveryMs), 'a night passes', night);
  };
  world.after(firstNightMs + rng.exponential(nightEveryMs), 'a night passes', night);
  return {
    keys,
    lasts,
    requesterCa: operator.pem,
    requests: requestsInALife(operator, nodes, pace),
    signerOf: (clusterId, request) => operator.signerOf(clusterId, request),
    requestIdOf: requestIdInALife,
  };
}
