/** A holder has at most so many times what is left for others. */
const SHARE_OF_FREE = 8;

/**
 * Whether a holder of `held` may take `amount` more of a bound of `max`, of which `taken` is taken by all. It may while it
 * comes to no more than {@link SHARE_OF_FREE} times what is free, the rule of dynamic thresholds for shared buffers
 * (Choudhury and Hahne, 1998): one holder alone comes to 8/9 of the bound, two to 8/17 each; a holder of nothing finds a
 * place as long as there is one, and the last places are never one holder's to take.
 */
export function mayTake(held: number, taken: number, max: number, amount = 1): boolean {
  const free = max - taken;
  return amount <= free && held + amount <= SHARE_OF_FREE * free;
}

/** Places of which there is a bounded number, counted by their holders. */
export class SharedPlaces {
  readonly #max: number;
  /** Holders of at least one. */
  readonly #held = new Map<string, number>();
  #taken = 0;

  constructor(max: number) {
    this.#max = max;
  }

  get taken(): number {
    return this.#taken;
  }

  /** Claims that the holder may have one more: see {@link mayTake}. */
  hasFor(holder: string): boolean {
    return mayTake(this.#held.get(holder) ?? 0, this.#taken, this.#max);
  }

  /** Takes a place, whether {@link hasFor} says so or not. */
  take(holder: string): void {
    this.#held.set(holder, (this.#held.get(holder) ?? 0) + 1);
    this.#taken += 1;
  }

  /** Gives a place back that the holder took. */
  giveBack(holder: string): void {
    const held = (this.#held.get(holder) ?? 0) - 1;
    if (held > 0) this.#held.set(holder, held);
    else this.#held.delete(holder);
    this.#taken -= 1;
  }

  clear(): void {
    this.#held.clear();
    this.#taken = 0;
  }
}
