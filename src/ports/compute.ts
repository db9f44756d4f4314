import type { Millis } from '../common/index.js';

/**
 * The urgency of a job. Jobs that a signature waits for come first, then those that a new key waits for, then what is made ahead of
 * need, then judgements of what a peer sent unasked. Any peer can cause those of the last lane, so none of them shares a queue
 * or a worker with a job that holds a nonce.
 */
export type Lane = 'signing' | 'generation' | 'pools' | 'peers';

/** One kind of job: plain data in, plain data out. Bytes cross between threads; points and other objects stay in their own. */
export type Job<I, O, C = unknown> = {
  readonly name: string;
  readonly lane: Lane;
  /**
   * Names inputs that cost alike, for a job that may be quick: where such work has been quick, it need not leave the thread
   * that asks.
   */
  readonly work?: (input: I) => string;
  /** How long a thread may take, for a job that takes seconds where nothing else is computed. Absent: what most jobs have. */
  readonly msMax?: Millis;
  /** @param context - The computing thread's own, such as the table of algorithms. */
  readonly compute: (input: I, context: C) => O;
  /** Arrays of the input that are given away: each has its buffer to itself. The job wipes them. */
  readonly takes?: (input: I) => readonly Uint8Array[];
  /** Arrays of the output that are given away; the others are copied. */
  readonly gives?: (output: O) => readonly Uint8Array[];
};

/** Arithmetic that would keep everything else waiting. Where it happens is the adapter's business: in a worker, or here. */
export interface Compute {
  /**
   * Computes `job` once: it is never repeated.
   *
   * @param input - A copy of it is computed with. The arrays that the job takes are empty when this returns.
   * @throws {ClusterError} `overloaded` when too much waits, `deadline` when it takes too long, `cancelled` when the worker
   * that computed it has ended. Arrays that were taken are lost then.
   */
  run<I, O>(job: Job<I, O, never>, input: NoInfer<I>): Promise<O>;
  /** Claims that nothing is being computed, so that work that is not needed yet would delay no other. */
  idle(): boolean;
}

/** Jobs by name, bound to their context, for an adapter to run. */
export type Jobs = ReadonlyMap<string, BoundJob>;

export type BoundJob = {
  readonly run: (input: unknown) => {
    readonly output: unknown;
    readonly given: readonly Uint8Array[];
  };
};
