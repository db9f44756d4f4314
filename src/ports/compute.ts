/**
 * What waits for a job. Jobs that a signature waits for come first, then those that a new key waits for, then those that
 * fill pools ahead of need.
 */
export type Lane = 'signing' | 'generation' | 'pool';

/** One kind of job: plain data in, plain data out. What crosses is bytes; points and other objects stay in their thread. */
export type Job<I, O, C = unknown> = {
  readonly name: string;
  readonly lane: Lane;
  /** @param context - What the computing thread has of its own, such as the table of algorithms. */
  readonly compute: (input: I, context: C) => O;
  /** Arrays of the input that are given away: each has its buffer to itself. The job wipes them. */
  readonly takes?: (input: I) => readonly Uint8Array[];
  /** Arrays of the output that are given away; the others are copied. */
  readonly gives?: (output: O) => readonly Uint8Array[];
};

/** Arithmetic that would keep everything else waiting. Where it happens is the adapter's business: in a worker, or here. */
export interface Compute {
  /**
   * Computes `job` once: it is never repeated, whatever happens.
   *
   * @param input - A copy of it is computed with. What the job takes is empty when this returns.
   * @throws {ClusterError} `overloaded` when too much waits, `deadline` when it takes too long, `cancelled` when the worker
   * that computed it has ended. What was taken is lost then.
   */
  run<I, O>(job: Job<I, O, never>, input: NoInfer<I>): Promise<O>;
  /** Claims that nothing is being computed, so that what is not needed yet would keep nothing waiting. */
  idle(): boolean;
}

/** Jobs by name, with their context: what an adapter runs. */
export type Jobs = ReadonlyMap<string, BoundJob>;

export type BoundJob = {
  readonly run: (input: unknown) => {
    readonly output: unknown;
    readonly given: readonly Uint8Array[];
  };
};
