import type { Compute, Job, Lane } from '../../ports/index.js';
import { WorkerPool } from './pool.js';
import type { WorkerPoolParts } from './pool.js';

/** A job of these takes up to seconds: GG20's proofs, key generation, reshares. */
const LONG_LANES: ReadonlySet<Lane> = new Set(['generation', 'pools']);
/** Of the workers for long jobs, these are there before the first job; the others when jobs wait. */
const LONG_STARTED_AT_ONCE = 1;

/**
 * Workers for short jobs, and as many for long ones: a signature waits for no job that is not itself short. Whose turn it is on
 * few cores is the system's decision, which prefers a thread that computes seldom. See decision 75.
 */
export class LanePools implements Compute {
  readonly #short: WorkerPool;
  readonly #long: WorkerPool;

  constructor(parts: WorkerPoolParts) {
    this.#short = new WorkerPool(parts);
    this.#long = new WorkerPool({ ...parts, startedAtOnce: LONG_STARTED_AT_ONCE });
  }

  run<I, O>(job: Job<I, O, never>, input: I): Promise<O> {
    return (LONG_LANES.has(job.lane) ? this.#long : this.#short).run(job, input);
  }

  idle(): boolean {
    return this.#short.idle() && this.#long.idle();
  }

  /** As {@link WorkerPool.close}. */
  async close(): Promise<void> {
    await Promise.all([this.#short.close(), this.#long.close()]);
  }
}
