import type { Millis } from '../common/index.js';
import type { Timing } from './limits.js';

/** A longer gap between two ticks is a stall: of the process, the event loop or the machine below. */
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

  constructor(timing: Timing, elapsedMs: Millis) {
    this.#timing = timing;
    this.#lastMs = elapsedMs;
  }

  restart(elapsedMs: Millis): void {
    this.#lastMs = elapsedMs;
  }

  /** The ticks since the last call: at least one, and after a stall at most half an election timeout's. */
  pass(elapsedMs: Millis): PassedTicks {
    const { tickMs, electionTicksMin } = this.#timing;
    const gapMs = elapsedMs - this.#lastMs;
    if (gapMs < tickMs) {
      // The timer fired, so a tick has passed, even if the clock's fractions say less.
      this.#lastMs = elapsedMs;
      return { ticks: 1, suspect: false };
    }
    const ticks = Math.floor(gapMs / tickMs);
    if (gapMs <= Math.max(STALL_MS, 2 * tickMs)) {
      this.#lastMs += ticks * tickMs;
      return { ticks, suspect: false };
    }
    this.#lastMs = elapsedMs;
    return { ticks: Math.min(ticks, Math.floor(electionTicksMin / 2)), suspect: true };
  }
}
