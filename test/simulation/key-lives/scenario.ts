import { METHODS } from '../../../src/state/index.js';
import { Rng } from '../rng.js';
import type { MakeScenario } from '../simulation.js';
import type { Tenant } from '../tenant.js';
import { wholeNodesWith, type NodeProcess } from '../whole-nodes.js';
import { SimulatedOperator } from './operator.js';
import { LIVING_KEYS, requestsInALife } from './requests.js';

type Setting = Parameters<MakeScenario<NodeProcess>>[0];

/** The phase with faults is longer: a key's life has more in it than signatures. */
const LASTS = 2;
/** Mean time between two nights, in which all calendars go on by so much, and nothing else happens. */
const NIGHT_EVERY_MS = 4_000;
/** A step of more than an hour, which several in a row can make, is taken only where clocks agree. */
const NIGHT_MS: readonly [number, number] = [240_000, 1_080_000];

const WITHOUT_ID: ReadonlySet<string> = new Set([METHODS.generateKey, METHODS.sign]);

/** Whole nodes whose keys live: they are refreshed every hour, reshared, retired, restored and destroyed, and nights pass. */
export function keyLives(): MakeScenario<NodeProcess> {
  return wholeNodesWith(livingKeys);
}

function livingKeys(setting: Setting): Tenant {
  const { seed, world, rates, nodes } = setting;
  const operator = new SimulatedOperator(new Rng(seed, 'operator'));
  const rng = new Rng(seed, 'nights');
  const night = (): void => {
    if (world.now() >= rates.faultsMs * LASTS) return;
    world.skippedMs += Math.floor(rng.between(...NIGHT_MS));
    world.after(rng.exponential(NIGHT_EVERY_MS), 'a night passes', night);
  };
  world.after(rng.exponential(NIGHT_EVERY_MS), 'a night passes', night);
  return {
    keys: LIVING_KEYS,
    lasts: LASTS,
    requesterCa: operator.pem,
    requests: requestsInALife(operator, nodes),
    // Signed requests are not read by it.
    requestIdOf: (method) => (WITHOUT_ID.has(method) ? undefined : ''),
  };
}
