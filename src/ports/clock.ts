import type { Millis } from '../common/index.js';

/** The only source of time. */
export interface Clock {
  /** Milliseconds since 1970; may jump. */
  now(): Millis;
  /** Milliseconds since some moment of this run: never jumps, never goes back. For waits and rates. */
  elapsed(): Millis;
  /** Runs `run` once, `delayMs` from now at the earliest, unless cancelled. Delays are not moved by jumps of `now`. */
  after(delayMs: Millis, run: () => void): Timer;
}

export interface Timer {
  cancel(): void;
}
