import type { Millis } from '../../src/common/index.js';
import type { Clock, Timer } from '../../src/ports/index.js';

/** When the simulated world begins, by true time. */
export const EPOCH_MS = 1_800_000_000_000;

/** Runs `run` at `atMs` of true time, unless what scheduled it is gone by then. */
export type Schedule = (atMs: number, run: () => void) => void;

/**
 * One machine's idea of time: wrong by an offset, running at a rate, and jumping now and then. It survives restarts. Hours in which
 * all machines sleep pass at once: delays that are under way do not see them.
 */
export class MachineClock {
  readonly #trueNow: () => number;
  readonly #skippedMs: () => number;
  #rate: number;
  #anchorTrue: number;
  #anchorLocal: number;
  #anchorElapsed = 0;

  constructor(trueNow: () => number, offsetMs: number, rate: number, skippedMs = () => 0) {
    this.#trueNow = trueNow;
    this.#skippedMs = skippedMs;
    this.#rate = rate;
    this.#anchorTrue = trueNow();
    this.#anchorLocal = EPOCH_MS + this.#anchorTrue + offsetMs;
  }

  now(): Millis {
    const run = (this.#trueNow() - this.#anchorTrue) * this.#rate;
    return Math.floor(this.#anchorLocal + run + this.#skippedMs());
  }

  /** Moves `now` by `byMs`; delays that are under way are not moved. */
  jump(byMs: number): void {
    this.#anchorLocal += byMs;
  }

  /** How far ahead of true time it is. */
  errorMs(): number {
    return this.now() - EPOCH_MS - this.#trueNow() - this.#skippedMs();
  }

  /** Milliseconds that have passed here, at this machine's rate. */
  elapsed(): Millis {
    const run = (this.#trueNow() - this.#anchorTrue) * this.#rate;
    return Math.floor(this.#anchorElapsed + run + this.#skippedMs());
  }

  /** Right again, and at the right speed. */
  correct(): void {
    this.#anchorElapsed += (this.#trueNow() - this.#anchorTrue) * this.#rate;
    this.#anchorTrue = this.#trueNow();
    this.#anchorLocal = EPOCH_MS + this.#anchorTrue;
    this.#rate = 1;
  }

  /** The port, for one life of a process. */
  port(schedule: Schedule): Clock {
    return {
      now: () => this.now(),
      elapsed: () => this.elapsed(),
      after: (delayMs, run): Timer => {
        let cancelled = false;
        schedule(this.#trueNow() + Math.max(0, delayMs) / this.#rate, () => {
          if (!cancelled) run();
        });
        return { cancel: () => void (cancelled = true) };
      },
    };
  }
}
