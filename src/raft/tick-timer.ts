import type { Clock, Timer } from '../ports/index.js';
import type { Timing } from './limits.js';
import { TickCounter } from './tick-counter.js';
import type { PassedTicks } from './tick-counter.js';

/** Tells consensus of the time that passes. Nothing is due more often than heartbeats, so an idle node wakes up for them alone. */
export class TickTimer {
  readonly #timing: Timing;
  readonly #clock: Clock;
  readonly #counter: TickCounter;
  readonly #onTick: (passed: PassedTicks) => void;
  #timer: Timer | undefined;
  #isRunning = false;

  /** @param onTick - Is called at each heartbeat, until {@link stop}. After a stall it is called behind the messages that queued up. */
  constructor(timing: Timing, clock: Clock, onTick: (passed: PassedTicks) => void) {
    this.#timing = timing;
    this.#clock = clock;
    this.#counter = new TickCounter(timing, clock.elapsed());
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

  #arm(): void {
    const { tickMs, heartbeatTicks } = this.#timing;
    this.#timer = this.#clock.after(tickMs * heartbeatTicks, () => this.#fire());
  }

  #fire(): void {
    const passed = this.#counter.pass(this.#clock.elapsed());
    // After a stall a timer comes before the messages that queued up: they go first (bedrock #329).
    if (passed.suspect) this.#timer = this.#clock.after(0, () => this.#tell(passed));
    else this.#tell(passed);
  }

  #tell(passed: PassedTicks): void {
    this.#onTick(passed);
    if (this.#isRunning) this.#arm();
  }
}
