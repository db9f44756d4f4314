import { wipe } from '../crypto/index.js';
import type { Random } from '../ports/index.js';
import { bytesItem, u16Item } from '../wire/index.js';
import { SEED_BYTES, SeedRandom } from './seed-random.js';
import { gg20Xof } from './transcript.js';

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
 * random source is weak, or a machine was cloned, it still differs with the device or with what others said. A job of the round
 * gets {@link SEED_BYTES} of it as a seed of its own.
 */
export class RoundRandom extends SeedRandom {
  constructor(random: Random, { deviceSecret, ssid0, round, heard }: RoundPlace) {
    const fresh = random.bytes(SEED_BYTES);
    const items = [fresh, deviceSecret, ssid0].map(bytesItem);
    super(gg20Xof('rng', [...items, u16Item(round), bytesItem(heard)], SEED_BYTES));
    wipe(fresh, ...items);
  }
}
