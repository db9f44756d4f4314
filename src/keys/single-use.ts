import { assert, BOOT_BYTES, equal, fromHex } from '../common/index.js';
import type { Boot, Millis, NodeId } from '../common/index.js';
import type { MadeSupply } from '../algorithms/index.js';
import { wipe } from '../crypto/index.js';
import type { Supply } from '../wire/index.js';

type KeptSupply = {
  /** {@link SingleUse.add}. */
  readonly owner: string;
  readonly supply: MadeSupply;
  readonly madeMs: Millis;
};

/**
 * Secrets of this run of the process that are used once, and their only owner: nonces, or other supplies made ahead of
 * a signature. One is taken or dropped, and there is no third way: no method gives one without forgetting it, and nothing
 * here can be written down. Its id is (owner, boot, counter), the counter rising for the whole run, so that an id is never
 * used twice.
 */
export class SingleUse {
  readonly #node: NodeId;
  readonly #boot: Uint8Array;
  readonly #maximum: number;
  readonly #perOwnerMaximum: number;
  /** By counter, hence the oldest first. */
  readonly #kept = new Map<bigint, KeptSupply>();
  readonly #counters = new Map<string, Set<bigint>>();
  #counter = 0n;

  constructor(node: NodeId, boot: Boot, limits: { maximum: number; perOwnerMaximum: number }) {
    this.#node = node;
    const bytes = fromHex(boot);
    assert(bytes?.length === BOOT_BYTES, 'a boot is 32 hex characters');
    this.#boot = bytes;
    this.#maximum = limits.maximum;
    this.#perOwnerMaximum = limits.perOwnerMaximum;
  }

  /**
   * Keeps a supply, and gives its public form. None goes for it: parts that were told to others may be named already.
   *
   * @param owner - The purpose of the supply: a key and version; with the participants, where a set of them makes it together.
   *   There is {@link room} for it.
   */
  add(owner: string, supply: MadeSupply, madeMs: Millis): Supply {
    assert(this.room(owner) > 0, 'no supply is kept above the limits');
    const mine = this.#counters.get(owner) ?? new Set();
    this.#counters.set(owner, mine);

    this.#counter += 1n;
    this.#kept.set(this.#counter, { owner, supply, madeMs });
    mine.add(this.#counter);
    return {
      nodeId: this.#node,
      boot: Uint8Array.from(this.#boot),
      counter: this.#counter,
      parts: supply.parts.map((part) => Uint8Array.from(part)),
    };
  }

  /**
   * Gives the secret away: from here on it is the caller's alone, to use once and to wipe. Synchronous, so that of two entries
   * that name one supply the second finds it gone.
   *
   * @returns `gone` for an id that is not here, or no more; `other-bytes` when the id is here and the parts are others: then it
   * is kept, since no node can have signed for the named parts.
   */
  take(owner: string, supply: Supply): Uint8Array | 'gone' | 'other-bytes' {
    const kept = this.#find(supply);
    if (kept === undefined || kept.owner !== owner) return 'gone';
    if (!isOf(supply, kept.supply)) return 'other-bytes';
    this.#forget(supply.counter, kept.owner);
    return kept.supply.secret;
  }

  /** Drops the supplies that an applied entry names, id and parts, used or not (N4). */
  named(supplies: readonly Supply[]): void {
    for (const supply of supplies) {
      const kept = this.#find(supply);
      if (kept !== undefined && isOf(supply, kept.supply)) this.#drop(supply.counter);
    }
  }

  /** Drops supplies made at `madeMs` or before. */
  expire(madeMs: Millis): void {
    for (const [counter, kept] of this.#kept) {
      if (kept.madeMs > madeMs) return;
      this.#drop(counter);
    }
  }

  /** Drops all of one owner. */
  dropOwner(owner: string): void {
    for (const counter of this.#counters.get(owner) ?? []) this.#drop(counter);
  }

  /** How many of one owner are kept that were made after `madeMs`. */
  count(owner: string, madeMs: Millis = -Infinity): number {
    const mine = [...(this.#counters.get(owner) ?? [])];
    return mine.filter((counter) => (this.#kept.get(counter)?.madeMs ?? -Infinity) > madeMs).length;
  }

  /** How many more may be kept of one owner. */
  room(owner: string): number {
    const mine = this.#counters.get(owner)?.size ?? 0;
    return Math.max(Math.min(this.#perOwnerMaximum - mine, this.#maximum - this.size), 0);
  }

  /** How many are kept of all owners. */
  get size(): number {
    return this.#kept.size;
  }

  toJSON(): never {
    throw new TypeError('secrets do not become JSON');
  }

  #find({ nodeId, boot, counter }: Supply): KeptSupply | undefined {
    return nodeId === this.#node && equal(boot, this.#boot) ? this.#kept.get(counter) : undefined;
  }

  #drop(counter: bigint): void {
    const kept = this.#kept.get(counter);
    if (kept === undefined) return;
    this.#forget(counter, kept.owner);
    wipe(kept.supply.secret);
  }

  #forget(counter: bigint, owner: string): void {
    this.#kept.delete(counter);
    const mine = this.#counters.get(owner);
    mine?.delete(counter);
    if (mine?.size === 0) this.#counters.delete(owner);
  }
}

function isOf({ parts }: Supply, made: MadeSupply): boolean {
  return (
    parts.length === made.parts.length &&
    made.parts.every((part, at) => equal(part, parts[at] ?? part.slice(1)))
  );
}
