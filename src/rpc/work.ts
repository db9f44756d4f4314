import { Budgets, ClusterError } from '../common/index.js';
import type { Millis, Rate } from '../common/index.js';
import {
  CALLERS_REMEMBERED,
  LOOP_LATE_MS,
  WORK_MODEST_MS,
  WORK_OTHERS_MS,
  WORK_PRICE_MAX,
  RETRY_MS_MIN,
  WORK_STEP_MS_MAX,
} from './limits.js';

/** Clocks in ms: time that passes, and time that this process was given. */
export type WorkClock = {
  elapsedMs(): Millis;
  /** User and system time of the whole process. */
  processorMs(): Millis;
};

const WORK_CLOCK: WorkClock = {
  elapsedMs: () => performance.now(),
  processorMs: () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1000;
  },
};

/** How much of the last second's use is still counted after one look at the loop. */
const USE_KEPT = 0.9;
/** Less than this is not remembered, in ms. */
const USE_MIN_MS = 0.1;

/**
 * The main thread's time that the calls of each caller cost, measured, and a share of every second for each: above it a caller
 * waits. While the event loop is late the time has a price, which callers pay that use more than the mean beside
 * others: so the callers that cost the most wait first, and a caller that uses little, or is alone, pays none.
 */
export class Work {
  readonly #clock: WorkClock;
  readonly #budgets: Budgets;
  /** By caller, what about the last second cost. */
  readonly #used = new Map<string, Millis>();
  #usedSumMs: Millis = 0;
  #price = 1;

  /** @param rate - The share of each caller, in ms. */
  constructor(rate: Rate, clock: WorkClock = WORK_CLOCK) {
    this.#clock = clock;
    this.#budgets = new Budgets(rate, CALLERS_REMEMBERED);
  }

  /**
   * A step of a call begins. @throws ClusterError `overloaded` when the caller has used up its share, with the time after
   * which it has some again.
   */
  require(name: string): void {
    const waitMs = this.#budgets.waitMs(name, 0, this.#clock.elapsedMs());
    if (waitMs === 0) return;
    throw new ClusterError(
      'overloaded',
      'The calls of this caller cost too much of this node’s time',
      {
        reason: 'CALLS_TOO_COSTLY',
        retryAfterMs: Math.max(waitMs, RETRY_MS_MIN),
      },
    );
  }

  /** Runs one step of a call of this caller, and charges it with the time. */
  measure<T>(name: string, step: () => T): T {
    const elapsedMs = this.#clock.elapsedMs();
    const processorMs = this.#clock.processorMs();
    try {
      return step();
    } finally {
      // While another process has the processor, time passes that the step did not cost.
      const passedMs = this.#clock.elapsedMs() - elapsedMs;
      const givenMs = this.#clock.processorMs() - processorMs;
      this.charge(name, Math.min(passedMs, givenMs, WORK_STEP_MS_MAX));
    }
  }

  /** Charges a caller with a cost that is known. */
  charge(name: string, costMs: Millis): void {
    const usedMs = (this.#used.get(name) ?? 0) + costMs;
    if (this.#used.size < CALLERS_REMEMBERED || this.#used.has(name)) {
      this.#used.set(name, usedMs);
      this.#usedSumMs += costMs;
    }
    const price = this.#isCostly(usedMs) ? this.#price : 1;
    this.#budgets.charge(name, costMs * price, this.#clock.elapsedMs());
  }

  /** Claims that a caller that has used so much uses more than the mean, and delays others by it. */
  #isCostly(usedMs: Millis): boolean {
    return (
      usedMs > WORK_MODEST_MS &&
      usedMs * this.#used.size >= this.#usedSumMs &&
      this.#usedSumMs - usedMs >= WORK_OTHERS_MS
    );
  }

  /** A look at the event loop, ten times a second. @param lateMs - How much later it comes than it should. */
  looked(lateMs: Millis): void {
    this.#price =
      lateMs > LOOP_LATE_MS
        ? Math.min(this.#price * 2, WORK_PRICE_MAX)
        : Math.max(this.#price / 2, 1);
    this.#usedSumMs = 0;
    for (const [name, usedMs] of this.#used) {
      const keptMs = usedMs * USE_KEPT;
      if (keptMs < USE_MIN_MS) this.#used.delete(name);
      else {
        this.#used.set(name, keptMs);
        this.#usedSumMs += keptMs;
      }
    }
  }
}
