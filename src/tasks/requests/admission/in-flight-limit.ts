import type { Millis } from '../../../common/index.js';
import {
  HELD_MS_MIN,
  HELD_TIMES,
  HELD_UP_TIMES_MAX,
  IN_FLIGHT_MAX,
  IN_FLIGHT_MIN,
  IN_FLIGHT_START,
  LEAST_AFTER,
  SLOWER_TIMES_MAX,
} from './limits.js';

/** The part of a new time in the smoothed one. */
const SMOOTHING = 1 / 8;
/** After a round that was too slow so much of the limit is left at least, and at most: in between, as much as was too slow. */
const LEFT_MIN = 1 / 2;
const LEFT_MAX = 7 / 8;
/** At the lowest limit, what seemed the least time is so much more after a round that was too slow. */
const LEAST_GROWTH = 1.1;
/** The clock shows no shorter time. */
const TIME_MS_MIN: Millis = 1e-3;
/** Until a time is known. */
const SERVICE_MS_GUESSED: Millis = 250;

/** The times of one class of requests. */
type Times = { smoothedMs: Millis; leastMs: Millis; count: number };

/** The circumstances in which a request was answered. */
export type Answered = {
  /** The limit kept others waiting. */
  readonly wasFull: boolean;
  /** Its caller has few requests, beside others that have most of those under way. */
  readonly isHeldUp: boolean;
};

/** Requests since the limit last changed: how many, and by how many times they were slower than the least, in sum. */
type Round = { count: number; slower: number };

/**
 * The number of requests that may be under way at a time, found by what it does to their times, as TCP Vegas finds a window
 * (Brakmo and Peterson, 1995): it rises while they take less than {@link SLOWER_TIMES_MAX} times the least that such
 * requests took, and those of modest callers beside others less than {@link HELD_UP_TIMES_MAX} times, and falls when they
 * take more.
 *
 * Only ratios of times measured here count, so a slow machine and a long way between nodes come to limits of their own.
 * The least time is forgotten only at the lowest limit: above it a lower limit can show whether it is still so.
 */
export class InFlightLimit {
  readonly #classes = new Map<string, Times>();
  #count = IN_FLIGHT_START;
  #serviceMs: Millis | undefined;
  #all: Round = { count: 0, slower: 0 };
  #heldUp: Round = { count: 0, slower: 0 };
  #wasFull = false;

  get count(): number {
    return this.#count;
  }

  /** The time that a request takes once it is under way, smoothed. */
  get serviceMs(): Millis {
    return this.#serviceMs ?? SERVICE_MS_GUESSED;
  }

  /** A request that is under way longer waits for something else than for other requests. */
  get heldMsMax(): Millis {
    return Math.max(HELD_TIMES * this.serviceMs, HELD_MS_MIN);
  }

  /**
   * A request was answered.
   *
   * @param name - Of the class of requests that take the same work: times of different ones say nothing of each other.
   *   Of a bounded set.
   */
  answered(name: string, allMs: Millis, { wasFull, isHeldUp }: Answered): void {
    const tookMs = Math.min(allMs, this.heldMsMax);
    this.#serviceMs = smoothed(this.#serviceMs, tookMs);
    const times = this.#classes.get(name) ?? { smoothedMs: tookMs, leastMs: Infinity, count: 0 };
    this.#classes.set(name, times);
    times.smoothedMs = smoothed(times.smoothedMs, tookMs);
    times.count += 1;
    if (times.count < LEAST_AFTER) return;
    times.leastMs = Math.min(times.leastMs, times.smoothedMs);

    const slower = tookMs / Math.max(times.leastMs, TIME_MS_MIN);
    for (const round of isHeldUp ? [this.#all, this.#heldUp] : [this.#all]) {
      round.count += 1;
      round.slower += slower;
    }
    this.#wasFull ||= wasFull;
    if (this.#all.count >= this.#count) this.#endRound();
  }

  #endRound(): void {
    /** Above 1: requests took too long. */
    const excess = Math.max(
      meanOf(this.#all) / SLOWER_TIMES_MAX,
      meanOf(this.#heldUp) / HELD_UP_TIMES_MAX,
    );
    const wasFull = this.#wasFull;
    this.#all = { count: 0, slower: 0 };
    this.#heldUp = { count: 0, slower: 0 };
    this.#wasFull = false;
    if (excess <= 1) {
      // While nobody waits a higher limit would change nothing, and its times would say nothing.
      if (wasFull) this.#count = Math.min(this.#count + 1, IN_FLIGHT_MAX);
    } else if (this.#count > IN_FLIGHT_MIN) {
      const left = Math.min(Math.max(1 / excess, LEFT_MIN), LEFT_MAX);
      this.#count = Math.max(Math.floor(this.#count * left), IN_FLIGHT_MIN);
    } else {
      for (const times of this.#classes.values()) times.leastMs *= LEAST_GROWTH;
    }
  }
}

function meanOf({ count, slower }: Round): number {
  return count === 0 ? 0 : slower / count;
}

function smoothed(beforeMs: Millis | undefined, tookMs: Millis): Millis {
  return beforeMs === undefined ? tookMs : beforeMs + (tookMs - beforeMs) * SMOOTHING;
}
