import type { Millis, Term } from '../common/index.js';
import { MUTE_MS, MUTE_MS_MAX, SWITCH_FAILED_MS, SWITCHES_KEPT } from './limits.js';
import type { Observation } from './observations.js';

/** The end of a switch: not known yet, another term has begun, or the same leader went on. */
export type SwitchOutcome = 'open' | 'done' | 'failed';

/** A leader's word that it hands over because another voter is better. */
export type Switch = {
  readonly term: Term;
  readonly from: string;
  readonly to: string;
  /** Log time. */
  readonly atMs: Millis;
  /** Points of the newest window, when it was decided. */
  readonly fromPoints: number;
  readonly toPoints: number;
  readonly outcome: SwitchOutcome;
};

/** A voter that leadership did not go to. */
export type Mute = { readonly node: string; readonly failures: number; readonly untilMs: Millis };

/** All that the state has for the monitor. */
export type MonitorRecord = {
  /** The newest term that an entry of the monitor was of, and the log time of the first of these; 0 before the first. */
  readonly term: Term;
  readonly sinceMs: Millis;
  /** Whether there was an earlier term: the first leader of a cluster replaced nobody. */
  readonly isLater: boolean;
  /** The newest of each voter. */
  readonly observations: readonly Observation[];
  /** The oldest first. */
  readonly switches: readonly Switch[];
  readonly mutes: readonly Mute[];
};

export const NO_RECORD: MonitorRecord = {
  term: 0,
  sinceMs: 0,
  isLater: false,
  observations: [],
  switches: [],
  mutes: [],
};

/** The record at an entry of the monitor, of which term and time: what became of the last switch is known by them. */
export function at(record: MonitorRecord, term: Term, logMs: Millis): MonitorRecord {
  const begun =
    record.term === term ? record : { ...record, term, sinceMs: logMs, isLater: record.term !== 0 };
  const last = begun.switches.at(-1);
  if (last?.outcome !== 'open') return begun;
  if (term > last.term) return ended(begun, last, 'done', logMs);
  return logMs - last.atMs >= SWITCH_FAILED_MS ? ended(begun, last, 'failed', logMs) : begun;
}

/** The record with a voter's newest observation. */
export function observed(record: MonitorRecord, observation: Observation): MonitorRecord {
  const others = record.observations.filter(({ observer }) => observer !== observation.observer);
  return { ...record, observations: [...others, observation] };
}

/** The record with another switch. */
export function switched(record: MonitorRecord, now: Switch): MonitorRecord {
  return { ...record, switches: [...record.switches, now].slice(-SWITCHES_KEPT) };
}

/** The record without what is said of nodes, and by nodes, that vote no more. */
export function among(record: MonitorRecord, voters: readonly string[]): MonitorRecord {
  return {
    ...record,
    observations: record.observations.filter(({ observer }) => voters.includes(observer)),
    mutes: record.mutes.filter(({ node }) => voters.includes(node)),
  };
}

function ended(
  record: MonitorRecord,
  last: Switch,
  outcome: SwitchOutcome,
  logMs: Millis,
): MonitorRecord {
  const failures = record.mutes.find(({ node }) => node === last.to)?.failures ?? 0;
  const others = record.mutes.filter(({ node }) => node !== last.to);
  const untilMs = logMs + Math.min(MUTE_MS * 2 ** failures, MUTE_MS_MAX);
  const muted = { node: last.to, failures: failures + 1, untilMs };
  return {
    ...record,
    switches: [...record.switches.slice(0, -1), { ...last, outcome }],
    mutes: outcome === 'failed' ? [...others, muted] : others,
  };
}
