import type { Millis, NodeId } from '../common/index.js';
import { reachedByMajority } from './quorum.js';

/** A reading older than this has reached nothing. */
export const READING_AGE_MAX_MS: Millis = 1000;
/** How far ahead of a follower's clock an entry's timestamp may go. */
export const CLOCK_AHEAD_MAX_MS: Millis = 5000;

/** The latest readings of other voters' clocks. */
export class ClockReadings {
  readonly #readings = new Map<NodeId, { readonly clockMs: Millis; readonly receivedMs: Millis }>();

  /** Takes the reading that came with an answer of `node`, at `now` of the own clock. */
  record(node: NodeId, clockMs: Millis, now: Millis): void {
    this.#readings.set(node, { clockMs, receivedMs: now });
  }

  /** The highest time that the clocks of a majority of all voters have reached, `-Infinity` if too few are known. */
  reachedByMajority(self: NodeId, voters: readonly NodeId[], now: Millis): number {
    return reachedByMajority(
      voters.map((voter) => (voter === self ? now : this.#reached(voter, now))),
    );
  }

  #reached(voter: NodeId, now: Millis): number {
    const reading = this.#readings.get(voter);
    if (reading === undefined) return -Infinity;
    // An age below zero: our own clock went back, and nothing is known of the reading's true age.
    const age = now - reading.receivedMs;
    return age >= 0 && age <= READING_AGE_MAX_MS ? reading.clockMs : -Infinity;
  }
}

/**
 * Whether a follower whose clock shows `now` takes an entry with this timestamp after that predecessor.
 * Repeating the predecessor's is always allowed, so that a clock that once jumped never stops the log.
 */
export function isTimely(previousMs: Millis, entryMs: Millis, now: Millis): boolean {
  return entryMs === previousMs || (entryMs > previousMs && entryMs <= now + CLOCK_AHEAD_MAX_MS);
}
