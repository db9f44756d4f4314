import type { Millis } from '../../../common/index.js';
import {
  HEDGE_SHARES_KEPT,
  HEDGE_SHARES_MIN,
  HEDGE_TIMES_P95,
  SIGN_HEDGE_MS,
  SIGN_HEDGE_MS_MAX,
  SIGN_HEDGE_MS_MIN,
} from '../../limits.js';

/**
 * How long signature shares took lately, from an attempt's entry to the share at the leader: a share that takes three times as long as
 * nearly all of them is worth another attempt (Dean and Barroso, The Tail at Scale, 2013).
 */
export class ShareTimes {
  /** The latest, in no order. */
  readonly #tookMs: Millis[] = [];
  #next = 0;

  came(tookMs: Millis): void {
    this.#tookMs[this.#next] = tookMs;
    this.#next = (this.#next + 1) % HEDGE_SHARES_KEPT;
  }

  /** How long the first attempt of a Sign has. */
  delayMs(): Millis {
    if (this.#tookMs.length < HEDGE_SHARES_MIN) return SIGN_HEDGE_MS;
    const sorted = this.#tookMs.toSorted((a, b) => a - b);
    const p95 = sorted[Math.ceil(0.95 * sorted.length) - 1] ?? 0;
    return Math.min(SIGN_HEDGE_MS_MAX, Math.max(SIGN_HEDGE_MS_MIN, p95 * HEDGE_TIMES_P95));
  }
}
