import { nodeId, type NodeId } from '../../src/common/index.js';
import { Rng } from './rng.js';

/**
 * `faults`: machines and networks fail. `byzantine`: besides, one node is malicious. `mixed`: one seed in eight is byzantine.
 * `elections`: there is always one under way, and winners, votes and acknowledgements meet every delay. `figure-eight`: figure 8 of the
 * Raft paper is played. `calm`: three nodes, and nothing fails by itself.
 */
export type Profile = 'faults' | 'byzantine' | 'mixed' | 'elections' | 'figure-eight' | 'calm';

/**
 * What a malicious node lies in and in nothing else. `statements`: its `ready` of a key, which it says last and wrong. `answers`: its
 * answers to the other signers' nonces, of GG20.
 */
export type OneLie = 'statements' | 'answers';

export const ONE_LIES: readonly OneLie[] = ['statements', 'answers'];

/** The rates of a malicious node's lies. */
export type LieRates = {
  /** It tells no other lie than this one. */
  readonly only: OneLie | undefined;
  /** Mean time between two lies of a leader. */
  readonly everyMs: number | undefined;
  /** Mean time between two elections that it calls. */
  readonly standEveryMs: number | undefined;
  /** Mean time between two terms that it claims without an election. */
  readonly leadUnelectedEveryMs: number | undefined;
  /** Chance that it grants a vote that it may not. */
  readonly votes: number;
  /** Chance that it acknowledges what it does not have. */
  readonly acknowledgements: number;
  /** What it says its clock shows beyond what it does. */
  readonly clockMs: number;
  /** Chance that a message of a session is altered. */
  readonly speaks: number;
};

/** Everything that a seed decides before the first event: how large the cluster is, and what goes wrong how often. */
export type FaultRates = {
  readonly nodes: number;
  /** The one malicious node, if there is one; thresholds are at least two, so that it is fewer than t. */
  readonly liar: NodeId | undefined;
  readonly lies: LieRates;
  /** See {@link FigureEight}. */
  readonly figureEight: boolean;
  /** Real Ed25519 instead of the small group. */
  readonly realCurve: boolean;
  /** Length of the phase with faults, in true milliseconds. */
  readonly faultsMs: number;
  readonly network: {
    /** One way; every link has its own, around this. */
    readonly latencyMs: number;
    /** A message takes up to this many times longer. */
    readonly jitter: number;
    readonly loss: number;
    readonly duplicates: number;
    /** Of the duplicates: those that come seconds later, over another connection perhaps. */
    readonly late: number;
    /** Of the messages: those that are overtaken by many. */
    readonly spikes: number;
  };
  readonly disk: {
    readonly latencyMs: number;
    /** Writes that take fifty times as long. */
    readonly spikes: number;
    /** Writes that take seconds. */
    readonly freezes: number;
    /** Writes for which there is no space: nothing of them is kept, and the process must end. */
    readonly full: number;
    /** Writes whose sync fails: kept or not, nobody knows, and the process must end. */
    readonly failedSyncs: number;
    /** Chance that a crash in a write leaves the first part of it. */
    readonly torn: number;
  };
  /** Mean true time between two faults of a class; `undefined` is never. */
  readonly every: {
    readonly partitionMs: number | undefined;
    readonly crashMs: number | undefined;
    readonly powerCutMs: number | undefined;
    readonly pauseMs: number | undefined;
    readonly clockJumpMs: number | undefined;
    /** A leader is told to hand over. */
    readonly transferMs: number | undefined;
    /** A bit of a log at rest flips; the node must refuse to start until that is mended. */
    readonly rotMs: number | undefined;
    /** An old image of a disk is put back, which nobody promises to survive. Never, unless it is asked for. */
    readonly staleImageMs: number | undefined;
  };
  /** Share of the crashes that are a stop in good order. */
  readonly gracefulStops: number;
  /** Mean time that a crashed node stays down. */
  readonly downMs: number;
  /** Chance that a node crashes within a disk latency of granting a vote. */
  readonly crashAfterVote: number;
  /** Chance that a new leader is left with one peer only for a while. */
  readonly isolateWinner: number;
  /** What hurts a protocol just where it is delicate; chance would take long to get there. */
  readonly aware: {
    /** Chance that a node crashes when a vote is durable and nobody knows. */
    readonly crashBeforeVote: number;
    /** Chance that a node crashes when any write is durable and nobody knows. */
    readonly crashAtDurable: number;
    /** Chance that a node crashes when it has applied a request and would answer it. */
    readonly crashBeforeReply: number;
    /** Chance that a vote, or a request for one, comes again in a later term. */
    readonly lateVotes: number;
    /** Chance that an acknowledgement comes only in a later term. */
    readonly heldAcknowledgements: number;
    /** Chance that a candidate stands still when it has asked for votes. */
    readonly pauseCandidate: number;
  };
  readonly clock: {
    /** A machine's clock is wrong by up to this. */
    readonly offsetMs: number;
    /** A machine's clock runs faster or slower by up to this part. */
    readonly drift: number;
    /** Largest jump, either way. */
    readonly jumpMs: number;
    /** Whether most clocks may be far off at the same time. */
    readonly majorityAstray: boolean;
  };
};

/** Mostly three, which is the hardest on a signature; an even number too. */
const CLUSTER_SIZES: readonly number[] = [3, 3, 3, 3, 3, 3, 4, 5, 5, 5];

/** Mean time between two old images that are put back, where that is asked for. */
const STALE_IMAGE_MS = 6_000;

/** One seed in this many runs on the curve that is shipped. */
const REAL_CURVE_EVERY = 50;

/** One seed in this many has a malicious node in it, in the mixed profile. */
const BYZANTINE_EVERY = 8;

function isByzantine(seed: number, profile: Profile): boolean {
  if (profile === 'mixed') return seed % BYZANTINE_EVERY === 0;
  return profile === 'byzantine';
}

/** Of the calm profile. */
export const CALM_NODES = 3;

type Often = (chance: number, low: number, high: number) => number | undefined;

/** Draws whether a class of faults is on, and its rate. */
function oftenOf(rng: Rng): Often {
  return (chance, low, high) => {
    const [on, value] = [rng.chance(chance), rng.logBetween(low, high)];
    return on ? value : undefined;
  };
}

function drawDamage(seed: number): Pick<FaultRates['disk'], 'full' | 'failedSyncs' | 'torn'> {
  const often = oftenOf(new Rng(seed, 'disk config'));
  return {
    full: often(0.25, 0.000_5, 0.005) ?? 0,
    failedSyncs: often(0.25, 0.000_5, 0.005) ?? 0,
    torn: often(0.4, 0.1, 1) ?? 0,
  };
}

function drawRot(seed: number): number | undefined {
  return oftenOf(new Rng(seed, 'rot config'))(0.25, 5_000, 30_000);
}

function drawTransfers(
  seed: number,
  chance: number,
  low: number,
  high: number,
): number | undefined {
  return oftenOf(new Rng(seed, 'transfers config'))(chance, low, high);
}

function drawAware(seed: number): FaultRates['aware'] {
  const often = oftenOf(new Rng(seed, 'aware config'));
  return {
    crashBeforeVote: often(0.4, 0.02, 0.3) ?? 0,
    crashAtDurable: often(0.4, 0.000_5, 0.01) ?? 0,
    crashBeforeReply: often(0.4, 0.005, 0.1) ?? 0,
    lateVotes: often(0.5, 0.02, 0.5) ?? 0,
    heldAcknowledgements: often(0.4, 0.002, 0.1) ?? 0,
    pauseCandidate: often(0.4, 0.02, 0.5) ?? 0,
  };
}

function drawLies(seed: number): LieRates {
  const rng = new Rng(seed, 'lies config');
  const often = oftenOf(rng);
  return {
    only: undefined,
    everyMs: rng.logBetween(20, 1_000),
    standEveryMs: often(0.85, 300, 5_000),
    leadUnelectedEveryMs: often(0.4, 2_000, 15_000),
    votes: often(0.5, 0.05, 1) ?? 0,
    acknowledgements: often(0.4, 0.005, 0.2) ?? 0,
    clockMs: often(0.5, 500, 3_600_000) ?? 0,
    speaks: often(0.8, 0.003, 0.2) ?? 0,
  };
}

/** Draws the fault rates of `seed` (a swarm: every class of faults is on or off, at a rate of its own). */
export function drawFaultRates(seed: number, profile: Profile = 'faults'): FaultRates {
  const usual = drawUsual(seed, profile);
  if (profile === 'calm') return withoutFaults(usual);
  if (profile === 'figure-eight') return withPlay(usual, seed);
  return profile === 'elections' ? withElections(usual, seed) : usual;
}

function withoutFaults(rates: FaultRates): FaultRates {
  const { network, disk, every, aware, clock } = rates;
  const never = undefined;
  return {
    ...rates,
    nodes: CALM_NODES,
    faultsMs: 6_000,
    network: { ...network, latencyMs: 2, jitter: 2, loss: 0, duplicates: 0, late: 0, spikes: 0 },
    disk: { ...disk, latencyMs: 2, spikes: 0, freezes: 0, full: 0, failedSyncs: 0, torn: 0 },
    every: {
      ...every,
      partitionMs: never,
      crashMs: never,
      powerCutMs: never,
      pauseMs: never,
      clockJumpMs: never,
      transferMs: never,
      rotMs: never,
    },
    downMs: 500,
    crashAfterVote: 0,
    isolateWinner: 0,
    aware: {
      ...aware,
      crashBeforeVote: 0,
      crashAtDurable: 0,
      crashBeforeReply: 0,
      lateVotes: 0,
      heldAcknowledgements: 0,
      pauseCandidate: 0,
    },
    clock: { ...clock, offsetMs: 0, drift: 0 },
  };
}

/** No fault but those of the play, on a network and disks of any speed at which elections end. */
function withPlay(rates: FaultRates, seed: number): FaultRates {
  const rng = new Rng(seed, 'figure 8');
  const { network, disk, ...calm } = withoutFaults(rates);
  return {
    ...calm,
    faultsMs: rates.faultsMs,
    network: { ...network, latencyMs: rng.logBetween(0.5, 8) },
    disk: { ...disk, latencyMs: rng.logBetween(0.2, 8) },
  };
}

function withElections(rates: FaultRates, seed: number): FaultRates {
  const rng = new Rng(seed, 'elections');
  const { network, every } = rates;
  return {
    ...rates,
    nodes: rng.pick([3, 4, 5, 5, 5]),
    network: {
      ...network,
      latencyMs: rng.logBetween(0.5, 15),
      loss: rng.between(0.02, 0.3),
      duplicates: rng.between(0, 0.3),
    },
    every: {
      ...every,
      partitionMs: rng.logBetween(500, 4_000),
      crashMs: rng.logBetween(400, 3_000),
      pauseMs: rng.logBetween(700, 5_000),
      transferMs: drawTransfers(seed, 0.5, 100, 2_000),
    },
    downMs: rng.logBetween(20, 500),
    crashAfterVote: rng.between(0, 0.4),
    isolateWinner: rng.between(0.3, 0.95),
    aware: {
      crashBeforeVote: rng.between(0, 0.3),
      crashAtDurable: rng.between(0, 0.01),
      crashBeforeReply: rng.between(0, 0.1),
      lateVotes: rng.between(0.1, 0.7),
      heldAcknowledgements: rng.between(0, 0.2),
      pauseCandidate: rng.between(0, 0.6),
    },
  };
}

function drawUsual(seed: number, profile: Profile): FaultRates {
  const rng = new Rng(seed, 'config');
  const often = oftenOf(rng);
  const majorityAstray = rng.chance(0.15);
  const nodes = rng.pick(CLUSTER_SIZES);
  const liar = 1 + new Rng(seed, 'liar').int(nodes);
  return {
    nodes,
    liar: isByzantine(seed, profile) ? nodeId(`node-${liar}`) : undefined,
    lies: drawLies(seed),
    figureEight: profile === 'figure-eight',
    realCurve: seed % REAL_CURVE_EVERY === 0,
    faultsMs: rng.between(20_000, 45_000),
    network: {
      latencyMs: rng.logBetween(0.2, 20),
      jitter: rng.logBetween(1.2, 10),
      loss: often(0.7, 0.005, 0.3) ?? 0,
      duplicates: often(0.6, 0.005, 0.3) ?? 0,
      late: rng.between(0.02, 0.3),
      spikes: often(0.5, 0.001, 0.05) ?? 0,
    },
    disk: {
      latencyMs: rng.logBetween(0.1, 15),
      spikes: often(0.5, 0.001, 0.05) ?? 0,
      freezes: often(0.3, 0.000_2, 0.005) ?? 0,
      ...drawDamage(seed),
    },
    every: {
      partitionMs: often(0.75, 2_000, 12_000),
      crashMs: often(0.9, 1_500, 8_000),
      powerCutMs: often(0.25, 10_000, 40_000),
      pauseMs: often(0.5, 2_000, 15_000),
      clockJumpMs: often(0.6, 2_000, 15_000),
      rotMs: drawRot(seed),
      transferMs: drawTransfers(seed, 0.4, 500, 10_000),
      staleImageMs: undefined,
    },
    aware: drawAware(seed),
    gracefulStops: rng.chance(0.5) ? 0.2 : 0,
    downMs: rng.logBetween(30, 3_000),
    crashAfterVote: often(0.5, 0.02, 0.3) ?? 0,
    isolateWinner: often(0.4, 0.05, 0.5) ?? 0,
    clock: {
      offsetMs: rng.chance(0.8) ? rng.logBetween(1, 4_000) : 0,
      drift: rng.chance(0.5) ? rng.between(0, 0.1) : 0,
      jumpMs: rng.logBetween(10, majorityAstray ? 60_000 : 3_600_000),
      majorityAstray,
    },
  };
}

/** The same fault rates, in which old disks come back now and then. */
export function withStaleImages(rates: FaultRates): FaultRates {
  return { ...rates, every: { ...rates.every, staleImageMs: STALE_IMAGE_MS } };
}

/** The same fault rates, beside a malicious node that tells one lie and no other: chance would take long to get to it. */
export function withOneLie(rates: FaultRates, only: OneLie): FaultRates {
  const never = undefined;
  return {
    ...rates,
    lies: {
      only,
      everyMs: never,
      standEveryMs: never,
      leadUnelectedEveryMs: never,
      votes: 0,
      acknowledgements: 0,
      clockMs: 0,
      speaks: 0,
    },
  };
}

/** The fault rates in one line, for people. */
export function describeFaultRates(seed: number, rates: FaultRates): string {
  return `seed ${seed}: ${JSON.stringify(rates, round)}`;
}

function round(_: string, value: unknown): unknown {
  return typeof value === 'number' ? Number(value.toPrecision(3)) : value;
}
