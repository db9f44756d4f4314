import type { Millis } from '../common/index.js';
import type { Timing } from './limits.js';

/** A timer that is later than this is a stall: of the process, the event loop or the machine below. */
export const STALL_MS: Millis = 100;

export type PassedTicks = {
  readonly ticks: number;
  /** The node was stalled: what came in meanwhile is to be read before a peer is given up. */
  readonly suspect: boolean;
};

/** Turns what a clock that never jumps shows at each timer into ticks, keeping the fractions. */
export class TickCounter {
  readonly #timing: Timing;
  #lastMs: Millis;
  /** The time for which the timer is set. */
  #waitMs: Millis = 0;
  /** There was a stall since the timer last fired. */
  #stalled = false;
  /** A tick was counted since the timer last fired. */
  #counted = false;

  constructor(timing: Timing, elapsedMs: Millis) {
    this.#timing = timing;
    this.#lastMs = elapsedMs;
  }

  restart(elapsedMs: Millis): void {
    this.#lastMs = elapsedMs;
    this.#stalled = false;
    this.#counted = false;
  }

  /** The timer is set, and fires after so long. */
  waits(waitMs: Millis): void {
    this.#waitMs = waitMs;
  }

  /** The whole ticks since the last call, at any moment; after a stall at most half an election timeout's. */
  count(elapsedMs: Millis): number {
    const { tickMs, electionTicksMin } = this.#timing;
    const gapMs = elapsedMs - this.#lastMs;
    const ticks = Math.floor(gapMs / tickMs);
    if (ticks > 0) this.#counted = true;
    if (gapMs <= this.#waitMs + STALL_MS) {
      this.#lastMs += ticks * tickMs;
      return ticks;
    }
    this.#stalled = true;
    this.#lastMs = elapsedMs;
    return Math.min(ticks, Math.floor(electionTicksMin / 2));
  }

  /**
   * The ticks since the last call, when the timer fires. Between two timers there is at least one, even if the clock's
   * fractions say less.
   */
  pass(elapsedMs: Millis): PassedTicks {
    const ticks = this.count(elapsedMs);
    const isShort = !this.#counted;
    if (isShort) this.#lastMs = elapsedMs;
    const suspect = this.#stalled;
    this.#stalled = false;
    this.#counted = false;
    return { ticks: isShort ? 1 : ticks, suspect };
  }
}
