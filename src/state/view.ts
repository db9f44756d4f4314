import { assert, utf8 } from '../common/index.js';
import { BoundedCache } from '../crypto/index.js';
import type { ConsensusStore, Write } from '../ports/index.js';
import { VALUES_REMEMBERED_MAX } from './limits.js';

/** The replicated state as text keys and bytes, in bytewise order of keys. */
export interface View {
  get(key: string): Uint8Array | undefined;
  /** All keys that begin with `prefix`, in order, from the key `from` (included) on. */
  scan(prefix: string, from?: string): Iterable<readonly [string, Uint8Array]>;
}

/** A write as the state makes it; no value deletes. */
export type StateWrite = readonly [key: string, value: Uint8Array | undefined];

const decoder = new TextDecoder('utf-8', { fatal: true });

/**
 * Applied writes that are not yet durable, over the durable state. They wait here until they have been part of a
 * transaction of the store.
 */
export class Overlay implements View {
  readonly #store: Pick<ConsensusStore, 'get' | 'scan'>;
  readonly #pending = new Map<string, Uint8Array | undefined>();
  /** Durable values that were read or written lately. Only this overlay writes to the store. */
  readonly #remembered = new BoundedCache<Uint8Array>(VALUES_REMEMBERED_MAX);

  #follower: ((writes: readonly StateWrite[]) => void) | undefined;

  constructor(store: Pick<ConsensusStore, 'get' | 'scan'>) {
    this.#store = store;
  }

  get(key: string): Uint8Array | undefined {
    const value = this.peek(key);
    if (value !== undefined && !this.#pending.has(key)) this.#remembered.set(key, value);
    return value;
  }

  /** As `get`, for a reader of many values that are not soon read again: they displace no others from memory. */
  peek(key: string): Uint8Array | undefined {
    if (this.#pending.has(key)) return this.#pending.get(key);
    return this.#remembered.get(key) ?? this.#store.get(utf8(key));
  }

  *scan(prefix: string, from = prefix): Iterable<readonly [string, Uint8Array]> {
    yield* merge(this.#durable(prefix, from), this.#pending, prefix, from);
  }

  /** Hands all writes from now on to `follower`, each time before they are laid over the state. */
  follow(follower: (writes: readonly StateWrite[]) => void): void {
    this.#follower = follower;
  }

  put(writes: readonly StateWrite[]): void {
    this.#follower?.(writes);
    for (const [key, value] of writes) {
      this.#pending.set(key, value);
      this.#remembered.delete(key);
    }
  }

  /** The writes that are not durable yet, for the next transaction. */
  pendingWrites(): readonly Write[] {
    return [...this.#pending].map(([key, value]) => [utf8(key), value]);
  }

  /** Forgets what has become durable, but for keys that were written again since. */
  flushed(writes: readonly Write[]): void {
    for (const [bytes, value] of writes) {
      const key = decoder.decode(bytes);
      if (this.#pending.get(key) !== value) continue;
      this.#pending.delete(key);
      if (value !== undefined) this.#remembered.set(key, value);
    }
  }

  *#durable(prefix: string, from: string): Iterable<readonly [string, Uint8Array]> {
    for (const [key, value] of this.#store.scan(utf8(prefix), utf8(from))) {
      yield [decoder.decode(key), value];
    }
  }
}

/** The writes of one entry over the view that it is applied to: all of them count, or none. */
export class Draft implements View {
  /** The state before the entry. */
  readonly before: View;
  readonly #written = new Map<string, Uint8Array | undefined>();

  constructor(before: View) {
    this.before = before;
  }

  get(key: string): Uint8Array | undefined {
    return this.#written.has(key) ? this.#written.get(key) : this.before.get(key);
  }

  *scan(prefix: string, from = prefix): Iterable<readonly [string, Uint8Array]> {
    yield* merge(this.before.scan(prefix, from), this.#written, prefix, from);
  }

  put(key: string, value: Uint8Array): void {
    this.#written.set(key, value);
  }

  delete(key: string): void {
    this.#written.set(key, undefined);
  }

  writes(): readonly StateWrite[] {
    return [...this.#written];
  }
}

/** Lays `upper` over `lower`: both in order, the upper one's word counts, and its `undefined` hides. */
function* merge(
  lower: Iterable<readonly [string, Uint8Array]>,
  upper: ReadonlyMap<string, Uint8Array | undefined>,
  prefix: string,
  from: string,
): Iterable<readonly [string, Uint8Array]> {
  const ours = [...upper].filter(([key]) => key.startsWith(prefix) && key >= from).sort(byKey);
  let at = 0;
  let previous = '';
  for (const each of lower) {
    assert(each[0] > previous || previous === '', 'a scan goes upwards');
    previous = each[0];
    for (; at < ours.length; at++) {
      const [key, value] = ours[at] ?? ['', undefined];
      if (key >= each[0]) break;
      if (value !== undefined) yield [key, value];
    }
    if (!upper.has(each[0])) yield each;
  }
  for (; at < ours.length; at++) {
    const [key, value] = ours[at] ?? ['', undefined];
    if (value !== undefined) yield [key, value];
  }
}

function byKey(a: readonly [string, unknown], b: readonly [string, unknown]): number {
  if (a[0] === b[0]) return 0;
  return a[0] < b[0] ? -1 : 1;
}
