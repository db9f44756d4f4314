import type { Lane } from '../../ports/index.js';
import { PASSED_BY_MAX } from './limits.js';

/** Lanes, the first first. */
const ORDER: readonly Lane[] = ['signing', 'generation', 'pools', 'peers'];

/** Jobs that wait for a worker: by lane, and in order of arrival in each. */
export class LaneQueue<T extends { readonly lane: Lane }> {
  readonly #waiting: Readonly<Record<Lane, T[]>> = {
    signing: [],
    generation: [],
    pools: [],
    peers: [],
  };
  /** Jobs of earlier lanes that were begun since the first job of this lane waits. */
  readonly #passedBy: Record<Lane, number> = { signing: 0, generation: 0, pools: 0, peers: 0 };

  add(job: T): void {
    this.#waiting[job.lane].push(job);
  }

  /** The job whose turn is next. */
  first(): T | undefined {
    const lane = this.#next();
    return lane && this.#waiting[lane][0];
  }

  /** Removes {@link first}. */
  shift(): T | undefined {
    const lane = this.#next();
    if (lane === undefined) return undefined;
    this.#passedBy[lane] = 0;
    for (const later of ORDER.slice(ORDER.indexOf(lane) + 1)) {
      if (this.#waiting[later].length > 0) this.#passedBy[later] += 1;
    }
    return this.#waiting[lane].shift();
  }

  /** The earliest lane, but a later one in between: a leader that never looks at supplies has none to sign with. */
  #next(): Lane | undefined {
    const waiting = ORDER.filter((lane) => this.#waiting[lane].length > 0);
    return waiting.find((lane) => this.#passedBy[lane] >= PASSED_BY_MAX) ?? waiting[0];
  }

  /** Removes and gives all. */
  clear(): readonly T[] {
    return ORDER.flatMap((lane) => this.#waiting[lane].splice(0));
  }
}
