import { createHash } from 'node:crypto';

/**
 * Seeded randomness: xoshiro128** by Blackman and Vigna. Each purpose of a seed has a stream of its own, so that one
 * more draw in the network does not change what the workload does.
 */
export class Rng {
  #a: number;
  #b: number;
  #c: number;
  #d: number;

  constructor(seed: number, purpose: string) {
    const start = createHash('sha256').update(`${seed}/${purpose}`).digest();
    this.#a = start.readUInt32LE(0);
    this.#b = start.readUInt32LE(4);
    this.#c = start.readUInt32LE(8);
    this.#d = start.readUInt32LE(12) | 1;
  }

  /**
   * What is drawn from here on is for the next chance of this kind, in the place that is named. A seed's draws do not depend on it: it
   * is for runs that are cut down (`shrink/tape.ts`).
   */
  at(..._kind: readonly string[]): void {
    // One stream, whatever it is drawn for.
  }

  /** The chance that is drawn for, where that is kept. */
  get place(): string {
    return '';
  }

  /** 32 random bits. */
  u32(): number {
    const scrambled = Math.imul(rotate(Math.imul(this.#b, 5), 7), 9) >>> 0;
    const shifted = this.#b << 9;
    this.#c ^= this.#a;
    this.#d ^= this.#b;
    this.#b ^= this.#c;
    this.#a ^= this.#d;
    this.#c ^= shifted;
    this.#d = rotate(this.#d, 11);
    return scrambled;
  }

  /** In [0, 1). */
  float(): number {
    return this.u32() / 0x1_0000_0000;
  }

  /** An integer in [0, count). */
  int(count: number): number {
    return Math.floor(this.float() * count);
  }

  /** A number in [low, high). */
  between(low: number, high: number): number {
    return low + this.float() * (high - low);
  }

  /** In [low, high), small values as likely as large ones on a logarithmic scale. */
  logBetween(low: number, high: number): number {
    return low * (high / low) ** this.float();
  }

  chance(probability: number): boolean {
    return this.float() < probability;
  }

  /** With this mean; what lies between independent events. */
  exponential(mean: number): number {
    return -Math.log(1 - this.float()) * mean;
  }

  pick<T>(list: readonly T[]): T {
    const one = list[this.int(list.length)];
    if (one === undefined) throw new Error('nothing to pick from');
    return one;
  }

  shuffle<T>(list: readonly T[]): T[] {
    const mixed = [...list];
    for (let last = mixed.length - 1; last > 0; last--) {
      const other = this.int(last + 1);
      const [a, b] = [mixed[last], mixed[other]];
      if (a !== undefined && b !== undefined) [mixed[last], mixed[other]] = [b, a];
    }
    return mixed;
  }

  /** Fresh bytes in an array of their own, as `ports/random` promises. */
  bytes(count: number): Uint8Array {
    const bytes = new Uint8Array(count);
    for (let at = 0; at < count; at++) bytes[at] = this.u32() >>> 24;
    return bytes;
  }
}

function rotate(value: number, by: number): number {
  return (value << by) | (value >>> (32 - by));
}
