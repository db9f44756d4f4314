import { Bug } from '../../common/index.js';
import type { Compute, Job, Jobs } from '../../ports/index.js';
import { alone, buffersOf } from './moved.js';

/** Takes a job's output, whose type the job names. */
interface Taker {
  take(output: unknown): void;
}

/**
 * Computes at once, on the thread that asks: the same as in a worker, and in the same order every time. Nothing waits, so no
 * lane is before another.
 */
export function inlineCompute(jobs: Jobs): Compute {
  return {
    run<I, O>({ name, takes }: Job<I, O, never>, input: I): Promise<O> {
      return new Promise((resolve) => {
        const job = jobs.get(name);
        if (job === undefined) throw new Bug(`there is no job ${name}`);
        const taker: Taker = { take: (output: O) => resolve(output) };
        const transfer = buffersOf(takes?.(input) ?? []);
        taker.take(job.run(structuredClone(alone(input), { transfer })).output);
      });
    },
    idle: () => true,
  };
}
