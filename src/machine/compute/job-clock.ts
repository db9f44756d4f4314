/**
 * The job that a worker computes now, and since when. The worker writes it and the main thread reads it, in memory that both
 * share: a message from the worker would wait behind all that keeps the main thread, or the worker, busy.
 */
export class JobClock {
  /** To be handed to the worker. */
  readonly memory: SharedArrayBuffer;
  /** The job's id, 0 for none, and the nanoseconds of the system's steady clock when it was taken. */
  readonly #words: BigInt64Array;

  constructor(memory = new SharedArrayBuffer(2 * BigInt64Array.BYTES_PER_ELEMENT)) {
    this.memory = memory;
    this.#words = new BigInt64Array(memory);
  }

  /** The worker has taken a job. */
  begin(id: number): void {
    Atomics.store(this.#words, 1, process.hrtime.bigint());
    Atomics.store(this.#words, 0, BigInt(id));
  }

  /** The worker is done with it. */
  end(): void {
    Atomics.store(this.#words, 0, 0n);
  }

  /** The job under way, and for how many milliseconds; nothing while the worker has taken none. */
  underWay(): { readonly id: number; readonly ms: number } | undefined {
    const id = Atomics.load(this.#words, 0);
    if (id === 0n) return undefined;
    const sinceNs = Atomics.load(this.#words, 1);
    return { id: Number(id), ms: Number(process.hrtime.bigint() - sinceNs) / 1e6 };
  }
}
