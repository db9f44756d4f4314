import type { FaultRates } from '../fault-rates.js';

type Calm = (rates: FaultRates) => FaultRates;

function lying(rates: FaultRates, lies: Partial<FaultRates['lies']>): FaultRates {
  return { ...rates, lies: { ...rates.lies, ...lies } };
}

/** What a shrunk run may do without, beside single faults: noise, and whole kinds of lies. */
export const CALMINGS = {
  jitter: (rates) => ({ ...rates, network: { ...rates.network, jitter: 1 } }),
  clocks: (rates) => ({ ...rates, clock: { ...rates.clock, offsetMs: 0, drift: 0 } }),
  'lies-of-a-leader': (rates) => lying(rates, { everyMs: undefined }),
  standing: (rates) => lying(rates, { standEveryMs: undefined }),
  'leading-unelected': (rates) => lying(rates, { leadUnelectedEveryMs: undefined }),
  'false-votes': (rates) => lying(rates, { votes: 0 }),
  'false-acknowledgements': (rates) => lying(rates, { acknowledgements: 0 }),
  'a-false-clock': (rates) => lying(rates, { clockMs: 0 }),
  'false-words': (rates) => lying(rates, { speaks: 0 }),
} as const satisfies Record<string, Calm>;

export type Calming = keyof typeof CALMINGS;

export const CALMING_NAMES = Object.keys(CALMINGS) as readonly Calming[];

/** Those that change something: kinds of lies do where somebody lies. */
export function calmingsFor({ liar }: FaultRates): readonly Calming[] {
  return CALMING_NAMES.filter((name) => liar !== undefined || NOISE.has(name));
}

const NOISE: ReadonlySet<Calming> = new Set<Calming>(['jitter', 'clocks']);

/** How a shrunk run differs from its seed's, beside what does not happen in it. */
export type Reduction = {
  /** Fewer than the seed has. */
  readonly nodes?: number | undefined;
  /** A shorter phase of faults. */
  readonly faultsMs?: number | undefined;
  readonly calm: readonly Calming[];
};

/** The rates of the shrunk run. */
export function reduced(rates: FaultRates, { nodes, faultsMs, calm }: Reduction): FaultRates {
  const fewer = {
    ...rates,
    nodes: nodes ?? rates.nodes,
    faultsMs: faultsMs ?? rates.faultsMs,
  };
  return calm.reduce((now: FaultRates, name) => CALMINGS[name](now), fewer);
}
