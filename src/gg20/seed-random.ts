import { wipe } from '../crypto/index.js';
import type { Random } from '../ports/index.js';
import { bytesItem, u64Item } from '../wire/index.js';
import { gg20Xof } from './transcript.js';

export const SEED_BYTES = 64;

/** Random bytes that SHAKE256 makes of a secret seed, each block once. The seed is this object's own, and wiped at its end. */
export class SeedRandom implements Random {
  readonly #seed: Uint8Array;
  #drawn = 0;

  constructor(seed: Uint8Array) {
    this.#seed = seed;
  }

  bytes(count: number): Uint8Array {
    this.#drawn += 1;
    return gg20Xof('rng/block', [bytesItem(this.#seed), u64Item(this.#drawn)], count);
  }

  [Symbol.dispose](): void {
    wipe(this.#seed);
  }
}
