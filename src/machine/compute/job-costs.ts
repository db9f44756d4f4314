import { BoundedCache } from '../../crypto/index.js';
import type { Millis } from '../../common/index.js';

/** Work of which the costs are remembered. Its names come from requests, so there may be many. */
const WORK_MAX = 1024;
/** The latest costs of each: the one in the middle counts, so that a pause of the thread makes no work dear. */
const COSTS_MAX = 5;
/** So few say nothing yet. */
const COSTS_MIN = 3;
/** Work that takes less is not worth the way to a worker and back: see decision 33. */
export const QUICK_MS_MAX = 0.5;

/** The costs of work in this process, learnt from jobs that were computed. */
export class JobCosts {
  readonly #latest = new BoundedCache<readonly Millis[]>(WORK_MAX);

  /** @param work - The name of the job and what it depends on. */
  add(work: string, ms: Millis): void {
    this.#latest.set(work, [ms, ...(this.#latest.get(work) ?? [])].slice(0, COSTS_MAX));
  }

  /** Claims that this work has taken less than {@link QUICK_MS_MAX}. */
  isQuick(work: string): boolean {
    const costs = this.#latest.get(work) ?? [];
    if (costs.length < COSTS_MIN) return false;
    const middle = costs.toSorted((a, b) => a - b)[Math.floor(costs.length / 2)];
    return middle !== undefined && middle < QUICK_MS_MAX;
  }
}
