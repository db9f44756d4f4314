import type { ListCaller, Measure } from '../api/index.js';
import { ClusterError } from '../common/index.js';
import type { Clock } from '../ports/index.js';
import type { ListIndex, Sliced } from '../state/index.js';

/** Lists that a node works on at a time, in turn; all others wait. */
export const LISTS_AT_ONCE = 2;
/** Lists that wait for their turn. */
export const LISTS_WAITING_MAX = 64;

/**
 * Answers lists without holding the loop: a few at a time, each in slices with a turn of the loop between. The index that
 * they are found by is built when the first of them comes, in slices as well.
 */
export class Lists {
  readonly #index: ListIndex;
  readonly #clock: Clock;
  /** Those that wait, in order. */
  readonly #waiting = new Set<() => void>();
  #running = 0;
  #built: Promise<void> | undefined;
  #stopped = false;

  constructor(index: ListIndex, clock: Clock) {
    this.#index = index;
    this.#clock = clock;
  }

  /** Ends all lists: the store is not read any more. */
  stop(): void {
    this.#stopped = true;
    while (this.#waiting.size > 0) this.#beginNext(Infinity);
  }

  /**
   * Makes one list when its turn comes.
   *
   * @param begin - Called in its turn, with the index built.
   * @throws ClusterError `overloaded` (`TOO_MANY_LISTS`), `no-quorum` (`STOPPING`), or the reason that the signal has.
   */
  async run<T>(
    { signal, measure }: ListCaller,
    begin: (index: ListIndex) => Promise<Sliced<T>>,
  ): Promise<T> {
    if (this.#waiting.size >= LISTS_WAITING_MAX) throw tooMany();
    await this.#turn(signal);
    try {
      this.#built ??= this.#build();
      await untilAborted(this.#built, signal);
      return await this.#inSlices(await begin(this.#index), measure, signal);
    } finally {
      this.#running -= 1;
      this.#beginNext();
    }
  }

  /** Waits for a place among those that are worked on, and takes it. */
  async #turn(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#running >= LISTS_AT_ONCE) {
      await new Promise<void>((resolve, reject) => {
        const begin = (): void => {
          this.#waiting.delete(begin);
          signal.removeEventListener('abort', giveUp);
          resolve();
        };
        const giveUp = (): void => {
          this.#waiting.delete(begin);
          reject(reasonOf(signal));
        };
        signal.addEventListener('abort', giveUp, { once: true });
        this.#waiting.add(begin);
      });
    } else this.#running += 1;
  }

  /** A place that is free goes to the one that has waited longest. */
  #beginNext(atOnce = LISTS_AT_ONCE): void {
    const [next] = this.#waiting;
    if (next === undefined || this.#running >= atOnce) return;
    this.#running += 1;
    next();
  }

  /** Not tied to the call that needs it first: it is of use to all. */
  async #build(): Promise<void> {
    try {
      await this.#inSlices(this.#index.build(), (step) => step());
    } catch (error) {
      this.#built = undefined;
      throw error;
    }
  }

  async #inSlices<T>(work: Sliced<T>, measure: Measure, signal?: AbortSignal): Promise<T> {
    for (;;) {
      if (this.#stopped) throw stopping();
      signal?.throwIfAborted();
      const step = measure(() => work.next());
      if (step.done === true) return step.value;
      await new Promise<void>((resolve) => void this.#clock.after(0, resolve));
    }
  }
}

/** The result of `promise`, unless `signal` is aborted first. */
async function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const giveUp = (): void => reject(reasonOf(signal));
    signal.addEventListener('abort', giveUp, { once: true });
    void promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', giveUp));
  });
}

function reasonOf(signal: AbortSignal): Error {
  const reason: unknown = signal.reason;
  return reason instanceof Error ? reason : new ClusterError('cancelled', 'The call has ended');
}

function tooMany(): ClusterError {
  return new ClusterError('overloaded', 'Too many lists wait for their turn on this node', {
    reason: 'TOO_MANY_LISTS',
  });
}

function stopping(): ClusterError {
  return new ClusterError('no-quorum', 'The node stops', { reason: 'STOPPING' });
}
