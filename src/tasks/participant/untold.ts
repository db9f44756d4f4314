import type { ActiveKey } from '../../state/index.js';
import type { FreshSupplies, Supply } from '../../wire/index.js';

type Told = { readonly key: ActiveKey; readonly supplies: readonly Supply[] };

/**
 * Supplies that were made and not told to anybody yet, by counter. A voter takes those of one node in rising order only, of
 * all keys together: one that is told after a later one is lost, though this node keeps it ready.
 */
export class Untold {
  #made: Told[] = [];

  /** @param supplies - With higher counters than all before. */
  add(key: ActiveKey, supplies: readonly Supply[]): void {
    const last = this.#made.at(-1);
    if (last !== undefined && isSameKey(last.key, key)) {
      this.#made[this.#made.length - 1] = { key, supplies: [...last.supplies, ...supplies] };
    } else if (supplies.length > 0) this.#made.push({ key, supplies });
  }

  get isEmpty(): boolean {
    return this.#made.length === 0;
  }

  /**
   * Takes all supplies of a key.
   *
   * @returns The last ones of the key, to be told with something else; and what must be told before them, in this order.
   */
  take(key: ActiveKey): {
    readonly before: readonly FreshSupplies[];
    readonly last: FreshSupplies | undefined;
  } {
    const at = this.#made.findLastIndex((each) => isSameKey(each.key, key));
    const [last, ...before] = this.#made
      .splice(0, at + 1)
      .map(messageOf)
      .toReversed();
    return { before: before.toReversed(), last };
  }

  /** Takes all, to be told in this order. */
  takeAll(): readonly FreshSupplies[] {
    return this.#made.splice(0).map(messageOf);
  }
}

function isSameKey(a: ActiveKey, b: ActiveKey): boolean {
  return a.keyId === b.keyId && a.version === b.version;
}

function messageOf({ key, supplies }: Told): FreshSupplies {
  return { keyId: key.keyId, version: key.version, supplies: [...supplies] };
}
