import { availableParallelism } from 'node:os';
import type { Lane } from '../../ports/index.js';

/** A job that is not done so long after it was begun ends its worker. */
export const JOB_MS_MAX = 10_000;
/** Jobs of each lane that are under way or wait for a worker. */
export const JOBS_MAX: Readonly<Record<Lane, number>> = {
  signing: 4096,
  generation: 4096,
  pool: 256,
};
export const WORKERS_MAX = 64;

/** Workers of a node that is not told how many: every core but the one that its main thread has, and at least one. */
export function workersByDefault(): number {
  return Math.min(WORKERS_MAX, Math.max(1, availableParallelism() - 1));
}
