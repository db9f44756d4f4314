import type { Clock, Timer } from '../ports/index.js';
import type { Timing } from './limits.js';
import { TickCounter } from './tick-counter.js';
import type { PassedTicks } from './tick-counter.js';

export type TickTimerParts = {
  readonly timing: Timing;
  readonly clock: Clock;
  /** Ticks until something can be due. */
  readonly ticksToNext: () => number;
  readonly isLeading: () => boolean;
  /** `suspect`: what came in meanwhile may be unread, and no peer is given up yet. */
  readonly onTick: (passed: PassedTicks) => void;
};

/** Tells consensus of the time that passes, when something can be due: so an idle node wakes up for little else than heartbeats. */
export class TickTimer {
  readonly #parts: TickTimerParts;
  readonly #counter: TickCounter;
  #timer: Timer | undefined;
  #isRunning = false;
  /** The timer has fired, and the messages that queued up are read first. */
  #isWaiting = false;

  constructor(parts: TickTimerParts) {
    this.#parts = parts;
    this.#counter = new TickCounter(parts.timing, parts.clock.elapsed());
  }

  /** Begins to count from now. */
  start(): void {
    this.#isRunning = true;
    this.#counter.restart(this.#parts.clock.elapsed());
    this.#arm();
  }

  stop(): void {
    this.#isRunning = false;
    this.#timer?.cancel();
  }

  /** The ticks that have passed and were not told of yet. */
  count(): number {
    return this.#counter.count(this.#parts.clock.elapsed());
  }

  /** Something may be due sooner now than the timer was set for. */
  changed(): void {
    if (!this.#isRunning || this.#isWaiting) return;
    this.#timer?.cancel();
    this.#arm();
  }

  #arm(): void {
    const { timing, clock, ticksToNext } = this.#parts;
    const waitMs = timing.tickMs * ticksToNext();
    this.#counter.waits(waitMs);
    this.#timer = clock.after(waitMs, () => this.#fire());
  }

  /** A timer comes before the messages that queued up while the node was busy or stalled: they go first (bedrock #329). */
  #fire(): void {
    const { clock, ticksToNext, isLeading, onTick } = this.#parts;
    const { ticks, suspect } = this.#counter.pass(clock.elapsed());
    const decides = isLeading() && !suspect;
    onTick({ ticks, suspect: !decides });
    if (!this.#isRunning) return;
    // At a follower heartbeats have moved what was due when the timer was set.
    if (decides || (!isLeading() && ticksToNext() > this.#parts.timing.heartbeatTicks)) {
      this.#arm();
      return;
    }
    this.#isWaiting = true;
    this.#timer = clock.after(0, () => {
      this.#isWaiting = false;
      if (!suspect) onTick({ ticks: 0, suspect });
      if (this.#isRunning) this.#arm();
    });
  }
}
