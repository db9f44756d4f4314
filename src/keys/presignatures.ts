import { assert, toHex } from '../common/index.js';
import type { Millis } from '../common/index.js';
import { wipe } from '../crypto/index.js';
import type { Presigned } from '../gg20/index.js';

/** All that a presignature is bound to: its key's version, the generation of material and the signers, each in one run. */
export type PresignatureBinding = {
  /** Names all of it. Two bindings of one name are the same. */
  readonly name: string;
  readonly keyId: string;
  readonly version: number;
  /** Names the generation of the set's material. */
  readonly material: string;
};

export type PresignatureLimits = {
  /** Of all bindings. */
  readonly maximum: number;
  readonly perBindingMaximum: number;
};

type Kept = {
  readonly binding: PresignatureBinding;
  readonly presigned: Presigned;
  readonly madeMs: Millis;
};

/**
 * This node's halves of presignatures, and their only owner in this run of the process. One is taken, once, or dropped and wiped: no
 * method gives one without forgetting it, nothing here can be written down, and none comes back.
 */
export class Presignatures {
  readonly #limits: PresignatureLimits;
  /** By id, in hex; the oldest first. */
  readonly #kept = new Map<string, Kept>();
  /** Ids by the name of their binding, the oldest first. */
  readonly #ids = new Map<string, Set<string>>();

  constructor(limits: PresignatureLimits) {
    this.#limits = limits;
  }

  /** Keeps one, for which there is {@link room}. Its secret is the store's from here on. */
  add(binding: PresignatureBinding, presigned: Presigned, madeMs: Millis): void {
    const id = toHex(presigned.presigId);
    assert(this.room(binding) > 0, 'no presignature is kept above the limits');
    assert(!this.#kept.has(id), 'a presignature is kept once');
    const ids = this.#ids.get(binding.name) ?? new Set();
    this.#ids.set(binding.name, ids);
    this.#kept.set(id, { binding, presigned, madeMs });
    ids.add(id);
  }

  /**
   * Gives one away: from here on it is the caller's alone, to use once and to wipe. Synchronous, so that of two entries that name it
   * the second finds it gone.
   *
   * @param id - 32 bytes.
   * @returns Nothing for one that is not here, or not any more, or is of another binding: then it stays.
   */
  take({ name }: Pick<PresignatureBinding, 'name'>, id: Uint8Array): Presigned | undefined {
    const hex = toHex(id);
    const kept = this.#kept.get(hex);
    if (kept === undefined || kept.binding.name !== name) return undefined;
    this.#forget(hex, kept);
    return kept.presigned;
  }

  /** Drops those that an applied entry names, used or not. */
  named(ids: Iterable<Uint8Array>): void {
    for (const id of ids) this.#drop(toHex(id));
  }

  /** Drops those made at `madeMs` or before. */
  expire(madeMs: Millis): void {
    for (const [id, kept] of this.#kept) {
      if (kept.madeMs > madeMs) return;
      this.#drop(id);
    }
  }

  /** Drops all of the bindings that are over. */
  dropWhere(isOver: (binding: PresignatureBinding) => boolean): void {
    for (const ids of this.#ids.values()) {
      const [first = ''] = ids;
      const binding = this.#kept.get(first)?.binding;
      if (binding === undefined || !isOver(binding)) continue;
      for (const id of ids) this.#drop(id);
    }
  }

  /** Makes room for one more of a binding by dropping the oldest, if that was made at `madeMs` or before. */
  giveWay(binding: PresignatureBinding, madeMs: Millis): void {
    if (this.room(binding) > 0) return;
    const mine = this.#ids.get(binding.name);
    const isFull = (mine?.size ?? 0) >= this.#limits.perBindingMaximum;
    const [oldest] = isFull ? (mine ?? []) : this.#kept.keys();
    const kept = oldest === undefined ? undefined : this.#kept.get(oldest);
    if (oldest !== undefined && kept !== undefined && kept.madeMs <= madeMs) this.#drop(oldest);
  }

  /** How many more may be kept of one binding. */
  room({ name }: Pick<PresignatureBinding, 'name'>): number {
    const { maximum, perBindingMaximum } = this.#limits;
    const mine = this.#ids.get(name)?.size ?? 0;
    return Math.max(Math.min(perBindingMaximum - mine, maximum - this.size), 0);
  }

  /** How many are kept of a version of a key. */
  count(keyId: string, version: number): number {
    const all = [...this.#kept.values()];
    return all.filter(({ binding }) => binding.keyId === keyId && binding.version === version)
      .length;
  }

  /** How many are kept of all bindings. */
  get size(): number {
    return this.#kept.size;
  }

  /** Wipes all. */
  close(): void {
    for (const id of this.#kept.keys()) this.#drop(id);
  }

  toJSON(): never {
    throw new TypeError('secrets do not become JSON');
  }

  #drop(id: string): void {
    const kept = this.#kept.get(id);
    if (kept === undefined) return;
    this.#forget(id, kept);
    wipe(kept.presigned.secret);
  }

  #forget(id: string, { binding: { name } }: Kept): void {
    this.#kept.delete(id);
    const mine = this.#ids.get(name);
    mine?.delete(id);
    if (mine?.size === 0) this.#ids.delete(name);
  }
}
