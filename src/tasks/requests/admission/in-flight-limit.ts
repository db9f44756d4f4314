import type { Millis } from '../../../common/index.js';
import {
  HELD_MS_MIN,
  HELD_TIMES,
  IN_FLIGHT_MAX,
  IN_FLIGHT_MIN,
  IN_FLIGHT_START,
  LEAST_AFTER,
  SLOWER_TIMES_MAX,
} from './limits.js';

/** The part of a new time in the smoothed one. */
const SMOOTHING = 1 / 8;
/** After a round that was too slow so much of the limit is left. */
const DECREASE = 7 / 8;
/** At the lowest limit, what seemed the least time is so much more after a round that was too slow. */
const LEAST_GROWTH = 1.1;
/** Until a time is known. */
const SERVICE_MS_GUESSED: Millis = 250;

/** The times of one class of requests. */
type Times = { smoothedMs: Millis; leastMs: Millis; count: number };

/**
 * The number of requests that may be under way at a time, found by what it does to their times: it rises while they take
 * less than {@link SLOWER_TIMES_MAX} times the least that such requests took, and falls when they take more, as TCP Vegas does
 * (Brakmo and Peterson, 1995). More in flight would wait for each other, and make each other's batches larger.
 *
 * Only ratios of times measured here count, so a slow machine and a long way between nodes come to limits of their own.
 * The least time is forgotten only at the lowest limit: above it a lower limit can show whether it is still so.
 */
export class InFlightLimit {
  readonly #classes = new Map<string, Times>();
  #count = IN_FLIGHT_START;
  #serviceMs: Millis | undefined;
  /** Of the requests answered since the limit last changed: how many, and by how many times they were slower in sum. */
  #round = { answered: 0, slower: 0, wasFull: false };

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
   * @param wasFull - Whether the limit kept others waiting.
   */
  answered(name: string, allMs: Millis, wasFull: boolean): void {
    const tookMs = Math.min(allMs, this.heldMsMax);
    this.#serviceMs = smoothed(this.#serviceMs, tookMs);
    const times = this.#classes.get(name) ?? { smoothedMs: tookMs, leastMs: Infinity, count: 0 };
    this.#classes.set(name, times);
    times.smoothedMs = smoothed(times.smoothedMs, tookMs);
    times.count += 1;
    if (times.count < LEAST_AFTER) return;
    times.leastMs = Math.min(times.leastMs, times.smoothedMs);

    this.#round.answered += 1;
    this.#round.slower += tookMs / Math.max(times.leastMs, 1e-3);
    this.#round.wasFull ||= wasFull;
    if (this.#round.answered >= this.#count) this.#endRound();
  }

  #endRound(): void {
    const { answered, slower, wasFull } = this.#round;
    this.#round = { answered: 0, slower: 0, wasFull: false };
    if (slower / answered <= SLOWER_TIMES_MAX) {
      // While nobody waits a higher limit would change nothing, and its times would say nothing.
      if (wasFull) this.#count = Math.min(this.#count + 1, IN_FLIGHT_MAX);
    } else if (this.#count > IN_FLIGHT_MIN) {
      this.#count = Math.max(Math.floor(this.#count * DECREASE), IN_FLIGHT_MIN);
    } else {
      for (const times of this.#classes.values()) times.leastMs *= LEAST_GROWTH;
    }
  }
}

function smoothed(beforeMs: Millis | undefined, tookMs: Millis): Millis {
  return beforeMs === undefined ? tookMs : beforeMs + (tookMs - beforeMs) * SMOOTHING;
}
