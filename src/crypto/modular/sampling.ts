import type { Random } from '../../ports/index.js';
import { decodeBigEndian } from '../scalar.js';
import { wipe } from '../secret.js';
import { bitLength, isUnit } from './integers.js';

/** Drawn beyond the bound's length, so that reduction leaves a bias below 2^−128. */
const EXTRA_BITS = 128;

/** A number in [0, bound), every one as likely as the next. */
export function randomBelow(bound: bigint, random: Random): bigint {
  const wide = random.bytes(Math.ceil((bitLength(bound) + EXTRA_BITS) / 8));
  const value = decodeBigEndian(wide) % bound;
  wipe(wide);
  return value;
}

/** A number in [−bound, bound], every one as likely as the next. */
export function randomSigned(bound: bigint, random: Random): bigint {
  return randomBelow(2n * bound + 1n, random) - bound;
}

/** A unit modulo m. */
export function randomUnit(m: bigint, random: Random): bigint {
  for (;;) {
    const value = randomBelow(m, random);
    if (isUnit(value, m)) return value;
  }
}
