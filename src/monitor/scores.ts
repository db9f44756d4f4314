import type { Millis } from '../common/index.js';
import { HALF_SCORE_MS, OBSERVATION_KEPT_MS, SCORE_MAX, WINDOWS } from './limits.js';
import { commitMs, fresh, WINDOW_NUMBERS } from './observations.js';
import type { Observation } from './observations.js';

/** The opinion of a voter. */
export type Score = {
  readonly node: string;
  /** 0 to 100, of the newest window. */
  readonly points: number;
  /** How long it would need to commit if it led. */
  readonly commitMs: Millis;
};

/**
 * Points for a time: 100 for none, half of them for {@link HALF_SCORE_MS}. Two times that differ by less than 15 % each way from one
 * value are never 8 points apart, so noise replaces nobody.
 */
export function pointsOf(ms: Millis): number {
  return (SCORE_MAX * HALF_SCORE_MS) / (HALF_SCORE_MS + ms);
}

/** The points of a voter in each window, the oldest first; `undefined` where one of them is not known. */
export function pointsInEach(
  voter: string,
  voters: readonly string[],
  observations: readonly Observation[],
): readonly number[] | undefined {
  const times = WINDOW_NUMBERS.map((window) => commitMs(voter, voters, observations, window));
  const known = times.filter((ms) => ms !== undefined);
  return known.length === times.length ? known.map(pointsOf) : undefined;
}

/** The scores of the voters, in their order, of each that enough is known of. For showing, and for the choice of participants. */
export function scores(
  voters: readonly string[],
  observations: readonly Observation[],
  nowMs: Millis,
): readonly Score[] {
  const kept = fresh(observations, nowMs, OBSERVATION_KEPT_MS);
  return voters.flatMap((node) => {
    const ms = commitMs(node, voters, kept, WINDOWS - 1);
    return ms === undefined ? [] : [{ node, points: pointsOf(ms), commitMs: ms }];
  });
}
