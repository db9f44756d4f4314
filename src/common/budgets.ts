import type { Millis } from './ids.js';

/** The amount that a name may use: steadily, and at once after a pause. The unit is the user's: calls, bytes, milliseconds. */
export type Rate = { readonly perSecond: number; readonly burst: number };

type Bucket = { tokens: number; countedMs: Millis };

/** The names that are looked at when one must be forgotten: enough to pass by a few that are deep in debt. */
const NAMES_LOOKED_AT = 16;
/** Sums of fractions miss a whole number by less than this. */
const ROUNDING = 1e-6;

/**
 * Token buckets by name, each with the same rate, for at most so many names. A bucket that is full again is forgotten when
 * another name needs its place. While all places are taken by names that have not refilled, new names share one bucket, so
 * that a flood of names never buys more than `namesMax + 1` times the rate.
 *
 * Time is handed in and may be any clock that does not go back; one that does earns nothing.
 */
export class Budgets {
  readonly #rate: Rate;
  readonly #namesMax: number;
  /** The name that was charged longest ago comes first. */
  readonly #buckets = new Map<string, Bucket>();
  readonly #shared: Bucket;

  constructor(rate: Rate, namesMax: number) {
    this.#rate = rate;
    this.#namesMax = namesMax;
    this.#shared = { tokens: rate.burst, countedMs: -Infinity };
  }

  /** Takes `cost` from the name's bucket if it holds that much. @returns Whether it did; if not, nothing is taken. */
  take(name: string, cost: number, nowMs: Millis): boolean {
    if (this.#tokensOf(this.#buckets.get(name), nowMs) < cost - ROUNDING) return false;
    const bucket = this.#claim(name, nowMs);
    if (bucket.tokens < cost - ROUNDING) return false;
    bucket.tokens -= cost;
    return true;
  }

  /** Takes a cost that is known only afterwards. It may leave a debt, of at most the burst, which is waited for. */
  charge(name: string, cost: number, nowMs: Millis): void {
    const bucket = this.#claim(name, nowMs);
    bucket.tokens = Math.max(bucket.tokens - cost, -this.#rate.burst);
  }

  /** @returns The time until `take` with this cost can succeed: 0 for now, Infinity for a cost above the burst. */
  waitMs(name: string, cost: number, nowMs: Millis): Millis {
    if (cost > this.#rate.burst) return Infinity;
    const bucket = this.#buckets.get(name) ?? (this.#isCrowded(nowMs) ? this.#shared : undefined);
    const missing = cost - this.#tokensOf(bucket, nowMs);
    return missing <= ROUNDING ? 0 : Math.ceil((missing / this.#rate.perSecond) * 1000);
  }

  /** The names that are remembered, at most `namesMax`. */
  get nameCount(): number {
    return this.#buckets.size;
  }

  /** The tokens of a bucket by now. A name without one has never used any. */
  #tokensOf(bucket: Bucket | undefined, nowMs: Millis): number {
    if (bucket === undefined) return this.#rate.burst;
    const gained = (Math.max(nowMs - bucket.countedMs, 0) / 1000) * this.#rate.perSecond;
    return Math.min(bucket.tokens + gained, this.#rate.burst);
  }

  /** The name's bucket with what it gained by now; the shared one for a name that finds no place. */
  #claim(name: string, nowMs: Millis): Bucket {
    let bucket = this.#buckets.get(name);
    if (bucket !== undefined) this.#buckets.delete(name);
    else if (this.#isCrowded(nowMs)) bucket = this.#shared;
    else bucket = { tokens: this.#rate.burst, countedMs: nowMs };
    bucket.tokens = this.#tokensOf(bucket, nowMs);
    bucket.countedMs = Math.max(nowMs, bucket.countedMs);
    if (bucket !== this.#shared) this.#buckets.set(name, bucket);
    return bucket;
  }

  /** Claims that there is no place for a new name, after forgetting one that is as good as new. */
  #isCrowded(nowMs: Millis): boolean {
    if (this.#buckets.size < this.#namesMax) return false;
    let looked = 0;
    for (const [name, bucket] of this.#buckets) {
      if (this.#tokensOf(bucket, nowMs) >= this.#rate.burst - ROUNDING) {
        this.#buckets.delete(name);
        return false;
      }
      looked += 1;
      if (looked === NAMES_LOOKED_AT) break;
    }
    return true;
  }
}
