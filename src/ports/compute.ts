/** The name of something that can be computed, with what goes in and what comes out. */
export type JobName<I, O> = string & { readonly __io?: readonly [I, O] };

/** Arithmetic that would keep everything else waiting. Where it happens is the adapter's business: in a worker, or here. */
export interface Compute {
  /**
   * Computes `job` once: it is never repeated, whatever happens.
   *
   * @param input - Plain data; a copy of it is computed with.
   * @param moved - Arrays of `input` that are given away: each has its buffer to itself, and is empty when this returns.
   * @throws {ClusterError} `overloaded` when too much waits, `deadline` when it takes too long, `cancelled` when the worker
   * it has ended. What was moved is lost then.
   */
  run<I, O>(job: JobName<I, O>, input: I, moved?: readonly Uint8Array[]): Promise<O>;
  /** Claims that nothing is being computed, so that work that is not needed yet would delay no other. */
  idle(): boolean;
}

/** Does one kind of job. */
export interface Job {
  /** The output, and which of its arrays are given away: the others are copied. */
  compute(input: unknown): { readonly output: unknown; readonly moved?: readonly Uint8Array[] };
}

/** All that can be computed, by name. */
export type Jobs = ReadonlyMap<string, Job>;
