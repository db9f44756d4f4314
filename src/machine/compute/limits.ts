import { availableParallelism } from 'node:os';

/** A job that is not done after this ends its worker. */
export const JOB_MS_MAX = 10_000;
/** Jobs that are under way or wait for a worker. */
export const JOBS_MAX = 4096;
export const WORKERS_MAX = 64;

/** Workers of a node that is not told how many: every core but the one that its main thread has, and at least one. */
export function workersByDefault(): number {
  return Math.min(WORKERS_MAX, Math.max(1, availableParallelism() - 1));
}
