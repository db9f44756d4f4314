import type { Alarms } from '../alarms/index.js';
import type { Millis } from '../common/index.js';
import type { Clock } from '../ports/index.js';
import { CLOCK_AHEAD_MAX_MS } from './time.js';

/** How long a clock must keep to a jump before it is believed. */
export const CLOCK_JUMP_HELD_MS: Millis = 30_000;

/** The time of day and the clock that does not jump, read at one moment. */
type Reading = { readonly nowMs: Millis; readonly elapsedMs: Millis };

/**
 * The clock that this node shows to consensus: the time of day, but a jump of more than {@link CLOCK_AHEAD_MAX_MS} counts
 * only when it has lasted for {@link CLOCK_JUMP_HELD_MS}; until then time goes on from before the jump. The log's time never
 * goes back, so that clocks which a mistake moves ahead for some seconds must not move it.
 */
export class SteadyClock {
  readonly #clock: Pick<Clock, 'now' | 'elapsed'>;
  readonly #alarms: Alarms;
  /** The last reading that was believed. */
  #believed: Reading;
  /** The first reading after a jump that is not believed yet. */
  #jumped: Reading | undefined;

  constructor(clock: Pick<Clock, 'now' | 'elapsed'>, alarms: Alarms) {
    this.#clock = clock;
    this.#alarms = alarms;
    this.#believed = { nowMs: clock.now(), elapsedMs: clock.elapsed() };
  }

  now(): Millis {
    const read = { nowMs: this.#clock.now(), elapsedMs: this.#clock.elapsed() };
    if (isStep(this.#believed, read)) {
      this.#jumped = undefined;
      this.#believed = read;
      return read.nowMs;
    }
    // A second jump is a new one.
    if (this.#jumped === undefined || !isStep(this.#jumped, read)) {
      this.#jumped = read;
      const byMs = read.nowMs - expectedMs(this.#believed, read);
      this.#alarms.raise('The clock of this node has jumped', undefined, { by_ms: byMs });
    }
    if (read.elapsedMs - this.#jumped.elapsedMs < CLOCK_JUMP_HELD_MS) {
      return expectedMs(this.#believed, read);
    }
    this.#jumped = undefined;
    this.#believed = read;
    return read.nowMs;
  }
}

function expectedMs(before: Reading, after: Reading): Millis {
  return before.nowMs + (after.elapsedMs - before.elapsedMs);
}

/** Whether the time of day went on between two readings as the other clock did. */
function isStep(before: Reading, after: Reading): boolean {
  return Math.abs(after.nowMs - expectedMs(before, after)) <= CLOCK_AHEAD_MAX_MS;
}
