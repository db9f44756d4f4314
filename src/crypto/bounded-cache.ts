/** Remembers up to `countMax` values and forgets the one that was asked for longest ago. For what can be computed again. */
export class BoundedCache<V> {
  readonly #countMax: number;
  readonly #values = new Map<string, V>();

  constructor(countMax: number) {
    this.#countMax = countMax;
  }

  get(key: string): V | undefined {
    const value = this.#values.get(key);
    if (value === undefined) return undefined;
    this.#values.delete(key);
    this.#values.set(key, value);
    return value;
  }

  delete(key: string): void {
    this.#values.delete(key);
  }

  set(key: string, value: V): void {
    this.#values.delete(key);
    this.#values.set(key, value);
    if (this.#values.size <= this.#countMax) return;
    for (const oldest of this.#values.keys()) {
      this.#values.delete(oldest);
      return;
    }
  }
}
