import { Bug } from '../../common/index.js';
import type { Compute, JobName, Jobs } from '../../ports/index.js';
import { alone, buffersOf } from './moved.js';

/** Takes what a job gave, which the job's name says the type of. */
interface Taker {
  take(output: unknown): void;
}

/** Computes at once, on the thread that asks: the same as in a worker, and in the same order every time. */
export function inlineCompute(jobs: Jobs): Compute {
  return {
    run<I, O>(name: JobName<I, O>, input: I, moved: readonly Uint8Array[] = []): Promise<O> {
      return new Promise((resolve) => {
        const job = jobs.get(name);
        if (job === undefined) throw new Bug(`there is no job ${name}`);
        const taker: Taker = { take: (output: O) => resolve(output) };
        taker.take(
          job.compute(structuredClone(alone(input), { transfer: buffersOf(moved) })).output,
        );
      });
    },
    idle: () => true,
  };
}
