import type { Clock, Timer } from '../ports/index.js';
import type { Timing } from './limits.js';
import { TickCounter } from './tick-counter.js';
import type { PassedTicks } from './tick-counter.js';

/** Tells consensus of the time that passes, when something can be due: so an idle node wakes up for little else than heartbeats. */
export class TickTimer {
  readonly #timing: Timing;
  readonly #clock: Clock;
  readonly #counter: TickCounter;
  readonly #ticksToNext: () => number;
  readonly #onTick: (passed: PassedTicks) => void;
  #timer: Timer | undefined;
  #isRunning = false;
  #isTelling = false;

  /**
   * @param ticksToNext - How long nothing is due, in ticks.
   * @param onTick - Is called then, until {@link stop}. After a stall it is called behind the messages that queued up.
   */
  constructor(
    timing: Timing,
    clock: Clock,
    ticksToNext: () => number,
    onTick: (passed: PassedTicks) => void,
  ) {
    this.#timing = timing;
    this.#clock = clock;
    this.#counter = new TickCounter(timing, clock.elapsed());
    this.#ticksToNext = ticksToNext;
    this.#onTick = onTick;
  }

  /** Begins to count from now. */
  start(): void {
    this.#isRunning = true;
    this.#counter.restart(this.#clock.elapsed());
    this.#arm();
  }

  stop(): void {
    this.#isRunning = false;
    this.#timer?.cancel();
  }

  /** The ticks that have passed and were not told of yet. */
  count(): number {
    return this.#counter.count(this.#clock.elapsed());
  }

  /** Something may be due sooner now than the timer was set for. */
  changed(): void {
    // While a stall is being told of, the timer is set anew in a moment.
    if (!this.#isRunning || this.#isTelling) return;
    this.#timer?.cancel();
    this.#arm();
  }

  #arm(): void {
    const waitMs = this.#timing.tickMs * this.#ticksToNext();
    this.#counter.waits(waitMs);
    this.#timer = this.#clock.after(waitMs, () => this.#fire());
  }

  #fire(): void {
    const passed = this.#counter.pass(this.#clock.elapsed());
    this.#isTelling = true;
    // After a stall a timer comes before the messages that queued up: they go first (bedrock #329).
    if (passed.suspect) this.#timer = this.#clock.after(0, () => this.#tell(passed));
    else this.#tell(passed);
  }

  #tell(passed: PassedTicks): void {
    this.#onTick(passed);
    this.#isTelling = false;
    if (this.#isRunning) this.#arm();
  }
}
