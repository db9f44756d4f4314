import type { Millis } from '../common/index.js';
import { ANSWER_MS_MAX, OBSERVATION_STALE_MS, WINDOWS } from './limits.js';

/** How long a voter's peers took to answer it: of each the windows, the oldest first, {@link WINDOWS} of them. */
export type Links = ReadonlyMap<string, readonly Millis[]>;

/** One voter's word about the others, as the state has it. */
export type Observation = {
  readonly observer: string;
  /** Log time at which it was applied. */
  readonly appliedMs: Millis;
  readonly links: Links;
};

/** The observations that are at most so old. */
export function fresh(
  observations: readonly Observation[],
  nowMs: Millis,
  ageMs: Millis = OBSERVATION_STALE_MS,
): readonly Observation[] {
  return observations.filter(({ appliedMs }) => nowMs - appliedMs <= ageMs);
}

/**
 * How long a voter would need to commit if it led, by what is said of its links: the time of the link that completes a majority with
 * it. `undefined` where too little is known of it.
 *
 * A link is as slow as the slower of its two ends says, and not known where one of them has not spoken. So no node can praise its own
 * link with an honest one; one that speaks ill of a link, or keeps silent, can do no more than by answering late. Fewer liars than a
 * majority neither praise one of themselves nor spoil an honest voter, since a majority with it can do without them.
 *
 * @param window - From 0, the oldest.
 */
export function commitMs(
  voter: string,
  voters: readonly string[],
  observations: readonly Observation[],
  window: number,
): Millis | undefined {
  const others = voters.filter((each) => each !== voter);
  const times = others
    .flatMap((other) => linkMs(voter, other, observations, window) ?? [])
    .toSorted((a, b) => a - b);
  const needed = Math.floor(voters.length / 2);
  return needed === 0 ? 0 : times[needed - 1];
}

function linkMs(
  a: string,
  b: string,
  observations: readonly Observation[],
  window: number,
): Millis | undefined {
  const saidBy = (observer: string, other: string): Millis | undefined =>
    observations.find((each) => each.observer === observer)?.links.get(other)?.[window];
  const [oneMs, otherMs] = [saidBy(a, b), saidBy(b, a)];
  if (oneMs === undefined || otherMs === undefined) return undefined;
  return Math.min(Math.max(oneMs, otherMs), ANSWER_MS_MAX);
}

/** The windows of an observation, by their number. */
export const WINDOW_NUMBERS: readonly number[] = Array.from({ length: WINDOWS }, (_, at) => at);
