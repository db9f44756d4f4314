import type { Millis, NodeId } from '../common/index.js';
import { majorityOf, reachedByMajority } from './quorum.js';

/** A reading older than this has reached nothing. */
export const READING_AGE_MAX_MS: Millis = 1000;
/** How far ahead of a follower's clock an entry's timestamp may go. */
export const CLOCK_AHEAD_MAX_MS: Millis = 5000;
/** A step of the log's time that is longer is taken only while the clocks of a majority agree. */
export const TIME_STEP_MAX_MS: Millis = 60 * 60_000;
/** Clocks agree when they are no further apart than this. */
export const CLOCK_AGREE_MS: Millis = 60_000;

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

  /** Whether the clocks of a majority of all voters are within {@link CLOCK_AGREE_MS} of each other. */
  majorityAgrees(self: NodeId, voters: readonly NodeId[], now: Millis): boolean {
    const clocks = voters
      .map((voter) => (voter === self ? now : this.#reached(voter, now)))
      .filter((clockMs) => clockMs > -Infinity)
      .sort((a, b) => a - b);
    const others = majorityOf(voters.length) - 1;
    return clocks.some((first, at) => (clocks[at + others] ?? Infinity) - first <= CLOCK_AGREE_MS);
  }

  /**
   * How far each voter's clock is from those of the majority: above zero ahead, below zero behind. Only where so many clocks
   * are known that a majority has reached a time, and a majority has not passed it.
   */
  distances(self: NodeId, voters: readonly NodeId[], now: Millis): ReadonlyMap<NodeId, Millis> {
    const known = new Map(
      voters
        .map((voter) => [voter, voter === self ? now : this.#reached(voter, now)] as const)
        .filter(([, clockMs]) => clockMs > -Infinity),
    );
    const unknown = voters.length - known.size;
    const reached = [...known.values(), ...Array.from({ length: unknown }, () => -Infinity)];
    const highMs = reachedByMajority(reached);
    const lowMs = -reachedByMajority(
      reached.map((clockMs) => (clockMs === -Infinity ? clockMs : -clockMs)),
    );
    const distances = new Map<NodeId, Millis>();
    if (!Number.isFinite(highMs) || !Number.isFinite(lowMs)) return distances;
    for (const [voter, clockMs] of known) {
      const [from, to] = [Math.min(highMs, lowMs), Math.max(highMs, lowMs)];
      distances.set(voter, clockMs > to ? clockMs - to : Math.min(clockMs - from, 0));
    }
    return distances;
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
 * Whether a follower takes an entry with this timestamp after that predecessor. Repeating the predecessor's is always
 * allowed, so that a clock that once jumped never stops the log.
 *
 * @param now - The follower's clock, in the log's time.
 * @param reachedMs - What a majority has shown to have applied: its entries cannot be undone, whatever this clock says.
 */
export function isTimely(
  previousMs: Millis,
  entryMs: Millis,
  now: Millis,
  reachedMs: number = -Infinity,
): boolean {
  if (entryMs <= previousMs) return entryMs === previousMs;
  return entryMs <= now + CLOCK_AHEAD_MAX_MS || entryMs <= reachedMs;
}
