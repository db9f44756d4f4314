import type { Millis } from '../common/index.js';
import { CALLS_TURN_MS } from './limits.js';

/** Time that passes, and the next turn of the event loop. */
export type LoopClock = {
  elapsedMs(): Millis;
  /** Runs once, when what has come by now was looked at. */
  nextTurn(run: () => void): void;
};

const LOOP_CLOCK: LoopClock = {
  elapsedMs: () => performance.now(),
  nextTurn: (run) => setImmediate(run),
};

/**
 * Calls that come together begin in several turns of the event loop: a turn begins calls for {@link CALLS_TURN_MS} and one call
 * more, so that messages of consensus wait for no more than that. They begin in the order in which they came. Each that waits is an
 * open call, of which a caller has so many and no more.
 */
export class CallTurns {
  readonly #clock: LoopClock;
  /** The first that has not begun, and those behind it. */
  #waiting: (() => void)[] = [];
  /** When this turn of the loop began its first call; `undefined` where it has begun none. */
  #sinceMs: Millis | undefined;

  constructor(clock: LoopClock = LOOP_CLOCK) {
    this.#clock = clock;
  }

  /** Begins a call, at once where this turn has time left. `begin` does not throw. */
  run(begin: () => void): void {
    const isFirst = this.#sinceMs === undefined;
    if (isFirst) {
      this.#sinceMs = this.#clock.elapsedMs();
      this.#clock.nextTurn(() => this.#turned());
    }
    if (this.#waiting.length === 0 && this.#hasTime()) begin();
    else this.#waiting.push(begin);
  }

  #hasTime(): boolean {
    const now = this.#clock.elapsedMs();
    return now - (this.#sinceMs ?? now) < CALLS_TURN_MS;
  }

  #turned(): void {
    this.#sinceMs = undefined;
    if (this.#waiting.length === 0) return;
    this.#sinceMs = this.#clock.elapsedMs();
    this.#clock.nextTurn(() => this.#turned());
    let begun = 0;
    do this.#waiting[begun++]?.();
    while (begun < this.#waiting.length && this.#hasTime());
    this.#waiting.splice(0, begun);
  }
}
