import { compareText } from '../common/index.js';
import type { Millis, Term } from '../common/index.js';
import {
  BETTER_POINTS,
  BETTER_SHARE,
  BUDGET_MS,
  COOL_DOWN_MS,
  OBSERVATION_KEPT_MS,
  RECOVERY_MS,
  SWITCHES_MAX,
  TENURE_MS,
} from './limits.js';
import { fresh } from './observations.js';
import type { Observation } from './observations.js';
import type { MonitorRecord } from './record.js';
import { pointsInEach } from './scores.js';

/** Why a leader stays. */
export type StayReason =
  /** Too little is known of it, or of every other voter. */
  | 'no-observations'
  /** No other voter was better in each window. */
  | 'none-better'
  /** One was, by what was said too long ago to act on. */
  | 'stale'
  /** The leader has not led for long enough. */
  | 'tenure'
  /** Leaders have changed lately. */
  | 'cool-down'
  /** So many leaders were replaced within the last hour that the next is for an operator to replace. */
  | 'budget'
  /** The better one was replaced itself lately. */
  | 'recovering'
  /** Leadership did not go to the better one lately. */
  | 'muted'
  /** A switch has just been recorded. */
  | 'under-way'
  /** The better one does not follow the log closely, by what the leader sees. */
  | 'behind'
  /** Keys are being made, or shared anew. */
  | 'sharing';

/** The decision about the leader. */
export type Verdict =
  | { readonly kind: 'stay'; readonly reason: StayReason; readonly candidate?: string }
  | {
      readonly kind: 'switch';
      readonly to: string;
      readonly fromPoints: number;
      readonly toPoints: number;
    };

/** The question whether a leader is to be replaced. */
export type Question = {
  readonly record: MonitorRecord;
  readonly voters: readonly string[];
  readonly leader: string;
  readonly term: Term;
  /** Log time. */
  readonly nowMs: Millis;
  /** Whether the leader sees nothing that speaks against it. What the state does not know; nothing does where absent. */
  readonly local?: {
    readonly isBusy: () => boolean;
    readonly follows: (voter: string) => boolean;
  };
};

/** Whether a leader is to be replaced, and by whom: a pure function of what is in the log, and of what the leader sees itself. */
export function decide(question: Question): Verdict {
  const { record, nowMs, local } = question;
  const kept = betterVoters(question, fresh(record.observations, nowMs, OBSERVATION_KEPT_MS));
  const lately = betterVoters(question, fresh(record.observations, nowMs));
  // By both: honest voters that have nothing new to tell are silent, and what is fresh may be the words of liars alone.
  const found = lately?.filter(({ node }) => kept?.some((each) => each.node === node));
  if (found === undefined || found.length === 0) return unmoved(kept, lately !== undefined);
  const [best] = found;
  const wait = waitOf(question);
  if (wait !== undefined) return { kind: 'stay', reason: wait, ...named(best?.node) };
  const obstacles = found.map((each) => ({ ...each, obstacle: obstacleOf(question, each.node) }));
  const free = obstacles.find(({ obstacle }) => obstacle === undefined);
  if (free === undefined) {
    const reason = obstacles[0]?.obstacle ?? 'none-better';
    return { kind: 'stay', reason, ...named(best?.node) };
  }
  if (local?.isBusy() === true) return { kind: 'stay', reason: 'sharing', candidate: free.node };
  return { kind: 'switch', to: free.node, fromPoints: free.fromPoints, toPoints: free.points };
}

/** Claims that, by what is known now however old, some voter was better than the leader in the newest window. */
export function isOutdone({ record, voters, leader, nowMs }: Question): boolean {
  const kept = fresh(record.observations, nowMs, OBSERVATION_KEPT_MS);
  const own = pointsInEach(leader, voters, kept)?.at(-1);
  return (
    own !== undefined &&
    voters.some((voter) => {
      const points = pointsInEach(voter, voters, kept)?.at(-1);
      return voter !== leader && points !== undefined && isBetter(points, own);
    })
  );
}

function unmoved(kept: readonly Better[] | undefined, isKnown: boolean): Verdict {
  if (kept === undefined) return { kind: 'stay', reason: 'no-observations' };
  const [best] = kept;
  if (best === undefined || isKnown) return { kind: 'stay', reason: 'none-better' };
  return { kind: 'stay', reason: 'stale', candidate: best.node };
}

type Better = { readonly node: string; readonly points: number; readonly fromPoints: number };

/** The voters that were better than the leader in each window, the best first; `undefined` where the leader's points are not known. */
function betterVoters(
  { voters, leader }: Question,
  observations: readonly Observation[],
): readonly Better[] | undefined {
  const own = pointsInEach(leader, voters, observations);
  if (own === undefined) return undefined;
  const fromPoints = own.at(-1) ?? 0;
  return voters
    .flatMap((node) => {
      const points = node === leader ? undefined : pointsInEach(node, voters, observations);
      const isBetterInEach = points?.every((each, window) => isBetter(each, own[window] ?? 0));
      return isBetterInEach === true ? [{ node, points: points?.at(-1) ?? 0, fromPoints }] : [];
    })
    .toSorted((a, b) => b.points - a.points || compareText(a.node, b.node));
}

function isBetter(points: number, leader: number): boolean {
  return points >= leader * (1 + BETTER_SHARE) && points >= leader + BETTER_POINTS;
}

/** Why no leader is replaced now, whoever is better. */
function waitOf({ record, term, nowMs }: Question): StayReason | undefined {
  const { switches, sinceMs, isLater } = record;
  const last = switches.at(-1);
  if (last?.outcome === 'open' && last.term === term) return 'under-way';
  // A term of which the monitor's record has nothing yet has just begun.
  const tenureMs = record.term === term ? nowMs - sinceMs : 0;
  if (tenureMs < TENURE_MS) return 'tenure';
  if (isLater && tenureMs < COOL_DOWN_MS) return 'cool-down';
  const lately = switches.filter(({ atMs }) => nowMs - atMs < BUDGET_MS);
  return lately.length >= SWITCHES_MAX ? 'budget' : undefined;
}

/** Why leadership does not go to this voter now. */
function obstacleOf({ record, nowMs, local }: Question, node: string): StayReason | undefined {
  const last = record.switches.findLast(({ outcome }) => outcome === 'done');
  if (last?.from === node && nowMs - last.atMs < RECOVERY_MS) return 'recovering';
  const mute = record.mutes.find((each) => each.node === node);
  if (mute !== undefined && nowMs < mute.untilMs) return 'muted';
  return local === undefined || local.follows(node) ? undefined : 'behind';
}

function named(candidate: string | undefined): { readonly candidate?: string } {
  return candidate === undefined ? {} : { candidate };
}
