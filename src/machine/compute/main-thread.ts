import { Bug } from '../../common/index.js';
import type { Millis } from '../../common/index.js';
import type { Job, Jobs } from '../../ports/index.js';
import { JobCosts } from './job-costs.js';
import { alone, buffersOf } from './moved.js';

/** Quick jobs take no more of one turn of the event loop than this, and the job that passes it. */
export const HERE_MS_MAX = 1;

/**
 * Quick jobs of signatures, computed on the thread that asks: what takes less than the way to a worker and back. More than
 * {@link HERE_MS_MAX} at a time are a queue, and go to the workers.
 */
export class MainThread {
  readonly #jobs: Jobs;
  readonly #costs = new JobCosts();
  readonly #elapsed: () => Millis;
  /** Spent in this turn of the loop. */
  #spentMs: Millis = 0;

  /** @param elapsed - Another clock, for tests. */
  constructor(jobs: Jobs, elapsed: () => Millis = () => performance.now()) {
    this.#jobs = jobs;
    this.#elapsed = elapsed;
  }

  /** Claims that the job is quick, and that there is time for it in this turn. Jobs of other lanes are never computed here. */
  takes<I, O>(job: Job<I, O, never>, input: I): boolean {
    const work = workOf(job, input);
    return work !== undefined && this.#spentMs < HERE_MS_MAX && this.#costs.isQuick(work);
  }

  /** Computes as a worker would: from a copy, with what the job takes moved into it. @throws Bug for a mistake of ours. */
  compute<I, O>(job: Job<I, O, never>, input: I): unknown {
    const bound = this.#jobs.get(job.name);
    if (bound === undefined) throw new Bug(`there is no job ${job.name}`);
    const transfer = buffersOf(job.takes?.(input) ?? []);
    const work = workOf(job, input);
    const copy: I = structuredClone(alone(input), { transfer });
    const before = this.#elapsed();
    try {
      return bound.run(copy).output;
    } catch (error) {
      throw new Bug(String(error));
    } finally {
      const ms = this.#elapsed() - before;
      if (work !== undefined) this.#costs.add(work, ms);
      if (this.#spentMs === 0) setImmediate(() => (this.#spentMs = 0));
      // A clock that stands still counts, too.
      this.#spentMs += Math.max(ms, Number.EPSILON);
    }
  }

  /** A worker has computed a job of this work in so long. */
  learn(work: string, ms: Millis): void {
    this.#costs.add(work, ms);
  }
}

/** The name of work that costs alike; nothing for jobs that are no business of the main thread. */
export function workOf<I, O>({ name, lane, work }: Job<I, O, never>, input: I): string | undefined {
  return lane === 'signing' && work !== undefined ? `${name} ${work(input)}` : undefined;
}
