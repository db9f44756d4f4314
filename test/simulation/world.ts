import { AS_DRAWN, type Chances } from './chances.js';
import { noCounts, type Counts } from './counts.js';
import { EventQueue } from './event-queue.js';
import type { Rng } from './rng.js';
import type { Trace } from './trace.js';

/** Whose event it is: gone when its owner is, and late when its owner is paused. */
export interface Owner {
  readonly name: string;
  readonly gone: boolean;
  /** True time until which the owner does nothing; 0 when it runs. */
  readonly pausedUntilMs: number;
}

type Event = {
  readonly what: string;
  readonly owner: Owner | undefined;
  readonly run: () => void;
  readonly bytes: Uint8Array | undefined;
};

/** The loop: one event at a time, each until all that it started has come to rest. True time moves only here. */
export class World {
  readonly trace: Trace;
  readonly counts: Counts = noCounts();
  /** How often each combination of a message, its sender and its receiver came up. */
  readonly coverage = new Map<string, number>();
  /** Called after every event, with its owner. */
  afterEvent: (owner: Owner | undefined) => Promise<void> | undefined = () => undefined;
  readonly #events = new EventQueue<Event>();
  /** The time in which all machines slept. */
  skippedMs = 0;
  readonly #chances: Chances;
  #nowMs = 0;

  constructor(trace: Trace, chances: Chances = AS_DRAWN) {
    this.trace = trace;
    this.#chances = chances;
  }

  /** The stream of `seed` for this purpose. */
  rng(seed: number, purpose: string): Rng {
    return this.#chances.rng(seed, purpose);
  }

  /** Whether what `rng` has brought about happens: all of it does, but in a run that is cut down. */
  lets(what: string, rng: Rng, detail = ''): boolean {
    return this.#chances.lets(what, rng, this.#nowMs, detail);
  }

  /** True time in milliseconds since the world began. */
  now = (): number => this.#nowMs;

  /** Runs `run` in `afterMs` of true time. */
  after(afterMs: number, what: string, run: () => void, owner?: Owner, bytes?: Uint8Array): void {
    this.#events.push(this.#nowMs + Math.max(0, afterMs), { what, owner, run, bytes });
  }

  /** Lets events happen until `done`, or until true time is `untilMs`. Gives whether it was `done`. */
  async run(untilMs: number, done: () => boolean): Promise<boolean> {
    while (!done()) {
      const next = (this.#events.nextAt ?? untilMs) < untilMs ? this.#events.pop() : undefined;
      if (next === undefined) {
        this.#nowMs = Math.max(this.#nowMs, untilMs);
        return done();
      }
      this.#nowMs = Math.max(this.#nowMs, next.at);
      const { what, owner, run, bytes } = next.event;
      if (owner?.gone === true) continue;
      if (owner !== undefined && owner.pausedUntilMs > this.#nowMs) {
        this.#events.push(owner.pausedUntilMs, next.event);
        continue;
      }
      this.counts.events++;
      this.trace.event(this.#nowMs, owner?.name ?? 'world', what, bytes);
      run();
      await rest();
      const looking = this.afterEvent(owner);
      if (looking !== undefined) await looking;
    }
    return true;
  }
}

/** All promises that can go on have gone on: a turn of the event loop comes after every microtask. */
function rest(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}
