import type { Millis } from '../../common/index.js';
import { LATEST_TIMES_KEPT, LATEST_TIMES_MIN, WAIT_TIMES_P95 } from '../limits.js';

/** How long is waited: until it is known how long is usual, and at least and at most. */
export type WaitBounds = {
  readonly unknownMs: Millis;
  readonly minMs: Millis;
  readonly maxMs: Millis;
};

/**
 * How long something took lately, and so how long to wait for it: what takes three times as long as nearly all the latest
 * is worth another way (Dean and Barroso, The Tail at Scale, 2013).
 */
export class LatestTimes {
  readonly #bounds: WaitBounds;
  /** The latest, in no order. */
  readonly #tookMs: Millis[] = [];
  #next = 0;

  constructor(bounds: WaitBounds) {
    this.#bounds = bounds;
  }

  came(tookMs: Millis): void {
    this.#tookMs[this.#next] = tookMs;
    this.#next = (this.#next + 1) % LATEST_TIMES_KEPT;
  }

  /** How long to wait for the next. */
  waitMs(): Millis {
    const { unknownMs, minMs, maxMs } = this.#bounds;
    if (this.#tookMs.length < LATEST_TIMES_MIN) return unknownMs;
    const sorted = this.#tookMs.toSorted((a, b) => a - b);
    const p95 = sorted[Math.ceil(0.95 * sorted.length) - 1] ?? 0;
    return Math.min(maxMs, Math.max(minMs, p95 * WAIT_TIMES_P95));
  }
}
