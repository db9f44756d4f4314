import { wipe } from '../crypto/index.js';
import type { Random } from '../ports/index.js';
import { bytesItem, textItem, u16Item, u64Item } from '../wire/index.js';
import { gg20Xof } from './transcript.js';

export const SEED_BYTES = 64;

/** Random bytes out of one seed: SHAKE256 of seed and count. */
export class ExpandedRandom implements Random {
  readonly #seed: Uint8Array;
  #drawn = 0;

  /** Takes ownership: the seed is wiped at the end. */
  constructor(seed: Uint8Array) {
    this.#seed = seed;
  }

  /** Another stream of the same seed, which its owner keeps. */
  static of(seed: Uint8Array, purpose: string): ExpandedRandom {
    return new ExpandedRandom(
      gg20Xof('rng/part', [bytesItem(seed), textItem(purpose)], SEED_BYTES),
    );
  }

  bytes(count: number): Uint8Array {
    this.#drawn += 1;
    return gg20Xof('rng/block', [bytesItem(this.#seed), u64Item(this.#drawn)], count);
  }

  [Symbol.dispose](): void {
    wipe(this.#seed);
  }
}

/** The inputs of a round's randomness besides fresh bytes. Of these the device's secret alone is secret. */
export type RoundPlace = {
  /** A secret of this node that its random source has not made now. */
  readonly deviceSecret: Uint8Array;
  readonly ssid0: Uint8Array;
  readonly round: number;
  /** Of all messages that came in this session so far. */
  readonly heard: Uint8Array;
};

/**
 * The randomness of one round: SHAKE256 of fresh bytes, the device's secret, session, round and all that was heard. Where the
 * random source is weak, or a machine was cloned, it still differs with the device or with what others said.
 */
export class RoundRandom extends ExpandedRandom {
  constructor(random: Random, { deviceSecret, ssid0, round, heard }: RoundPlace) {
    const fresh = random.bytes(SEED_BYTES);
    const items = [fresh, deviceSecret, ssid0].map(bytesItem);
    super(gg20Xof('rng', [...items, u16Item(round), bytesItem(heard)], SEED_BYTES));
    wipe(fresh, ...items);
  }
}
