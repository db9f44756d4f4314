import { Rng } from './rng.js';

/** Where a run's chances come from, and which of the faults and requests that they bring about happen. */
export interface Chances {
  /** The stream of `seed` for this purpose. */
  rng(seed: number, purpose: string): Rng;
  /**
   * Whether `what`, a kind of fault or a client's request, happens.
   *
   * @param rng - The stream that has brought it about, at the chance that has.
   * @param detail - Where, for people.
   */
  lets(what: string, rng: Rng, atMs: number, detail: string): boolean;
}

/** As the seed has it. */
export const AS_DRAWN: Chances = {
  rng: (seed, purpose) => new Rng(seed, purpose),
  lets: () => true,
};
