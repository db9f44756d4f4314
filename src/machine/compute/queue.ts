import type { Lane } from '../../ports/index.js';

/** Lanes, the first first. */
const ORDER: readonly Lane[] = ['signing', 'generation', 'pool'];

/** Jobs that wait for a worker: by lane, and in order of arrival in each. */
export class LaneQueue<T extends { readonly lane: Lane }> {
  readonly #waiting: Readonly<Record<Lane, T[]>> = { signing: [], generation: [], pool: [] };

  add(job: T): void {
    this.#waiting[job.lane].push(job);
  }

  /** The job whose turn is next: no job of a lane while one of an earlier lane waits. */
  first(): T | undefined {
    return ORDER.map((lane) => this.#waiting[lane][0]).find((job) => job !== undefined);
  }

  /** Removes {@link first}. */
  shift(): T | undefined {
    const lane = ORDER.find((each) => this.#waiting[each].length > 0);
    return lane && this.#waiting[lane].shift();
  }

  /** Removes and gives all. */
  clear(): readonly T[] {
    return ORDER.flatMap((lane) => this.#waiting[lane].splice(0));
  }
}
