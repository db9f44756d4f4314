import type { Millis } from '../common/index.js';
import { NEWS_POINTS, OBSERVED_AGAIN_MS, PENDING_AGAIN_MS } from './limits.js';
import type { Links } from './observations.js';
import { pointsOf } from './scores.js';

/** The observation that a voter could tell, and the one that it told last. */
export type Telling = {
  readonly links: Links;
  readonly told: Links | undefined;
  /** Since it was told. */
  readonly ageMs: Millis;
  /** Whether another voter is better than the leader, by what is known. */
  readonly isPending: boolean;
  /** Whether another voter has been heard since. */
  readonly isBehindOthers: boolean;
};

/**
 * Whether an observation is worth an entry. Where nothing changes each voter tells one in {@link OBSERVED_AGAIN_MS}, all of them at
 * about the same time, so that they fill two entries and not one each.
 */
export function isWorthTelling(telling: Telling): boolean {
  const { links, told, ageMs, isPending, isBehindOthers } = telling;
  if (links.size === 0) return false;
  if (told === undefined || ageMs >= OBSERVED_AGAIN_MS) return true;
  if (isPending && ageMs >= PENDING_AGAIN_MS) return true;
  if (isBehindOthers && ageMs >= OBSERVED_AGAIN_MS / 2) return true;
  return [...links].some(([peer, windows]) => isNews(windows, told.get(peer)));
}

function isNews(windows: readonly Millis[], told: readonly Millis[] | undefined): boolean {
  return windows.some((ms, at) => {
    const before = told?.[at];
    return before === undefined || Math.abs(pointsOf(ms) - pointsOf(before)) >= NEWS_POINTS;
  });
}
