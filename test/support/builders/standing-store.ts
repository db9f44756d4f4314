import type { ShareStore } from '../../../src/ports/index.js';
import { ACTIVE, memoryShareStore } from '../../../src/store/index.js';
import type { Standing, StandingStore } from '../../../src/store/index.js';

/** What stays of a store in memory when it is closed, or its process ends. */
export type StandingPlace = {
  readonly storeId: string;
  readonly records: Map<string, Uint8Array>;
  standing: Standing;
};

export function standingPlace(storeId: string, standing: Standing = ACTIVE): StandingPlace {
  return { storeId, records: new Map(), standing };
}

/** Steps that a process makes before it ends in the middle of the next. */
export class Life {
  #left: number;
  steps = 0;

  constructor(left = Infinity) {
    this.#left = left;
  }

  /** @throws {Error} The process has ended. */
  step(): void {
    if (this.#left === 0) throw new Error('killed');
    this.#left -= 1;
    this.steps += 1;
  }
}

/** Opens a place. Each change is a step of `life`. */
export function standingStore(place: StandingPlace, life = new Life()): StandingStore {
  const shares: ShareStore = memoryShareStore(place.records);
  return {
    name: `the store ${place.storeId}`,
    storeId: place.storeId,
    standing: () => place.standing,
    stand: async (standing) => {
      life.step();
      place.standing = standing;
    },
    putIfAbsent: async (id, sealed) => {
      life.step();
      return shares.putIfAbsent(id, sealed);
    },
    replace: async (id, before, after) => {
      life.step();
      return shares.replace(id, before, after);
    },
    delete: async (id) => {
      life.step();
      return shares.delete(id);
    },
    get: (id) => shares.get(id),
    list: (page) => shares.list(page),
    close: () => shares.close(),
  };
}
