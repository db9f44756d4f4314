import { assert, utf8 } from '../common/index.js';
import { BoundedCache } from '../crypto/index.js';
import type { ConsensusStore, Row, StateReading, Write } from '../ports/index.js';
import { VALUES_REMEMBERED_MAX } from './limits.js';
import { SortedKeys } from './sorted-keys.js';

/** The replicated state as text keys and bytes, in bytewise order of keys. */
export interface View {
  get(key: string): Uint8Array | undefined;
  /** All keys that begin with `prefix`, in order, from the key `from` (included) on. */
  scan(prefix: string, from?: string): Iterable<readonly [string, Uint8Array]>;
}

/** A write as the state makes it; no value deletes. */
export type StateWrite = readonly [key: string, value: Uint8Array | undefined];

type Written = readonly [key: string, value: Uint8Array | undefined];

/** A prefix that names a place of records. */
const PLACE = /^[a-z-]+\/$/;

const decoder = new TextDecoder('utf-8', { fatal: true });

/**
 * Applied writes that are not yet durable, over the durable state. They wait here until they have been part of a
 * transaction of the store.
 */
export class Overlay implements View {
  readonly #store: Pick<ConsensusStore, 'get' | 'scan'>;
  readonly #pending = new Map<string, Uint8Array | undefined>();
  readonly #pendingKeys = new SortedKeys();
  /**
   * Where each prefix that was scanned has its first value, or a place before that: from there on a scan need not pass by
   * what was deleted and is still in the store, which after a pause can be very much.
   */
  readonly #firstOf = new Map<string, string>();
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
    const begin = from === prefix ? (this.#firstOf.get(prefix) ?? from) : from;
    const merged = merge(this.#durable(prefix, begin), this.#pendingFrom(prefix, begin), (key) =>
      this.#pending.has(key),
    );
    let isFirst = from === prefix && PLACE.test(prefix);
    for (const each of merged) {
      if (isFirst) this.#firstOf.set(prefix, each[0]);
      isFirst = false;
      yield each;
    }
    // There is nothing up to here; a write before it is seen.
    if (isFirst) this.#firstOf.set(prefix, `${prefix}\u007f`);
  }

  /** Hands all writes from now on to `follower`, each time before they are laid over the state. */
  follow(follower: (writes: readonly StateWrite[]) => void): void {
    this.#follower = follower;
  }

  put(writes: readonly StateWrite[]): void {
    this.#follower?.(writes);
    for (const [key, value] of writes) {
      if (!this.#pending.has(key)) this.#pendingKeys.add(key);
      this.#pending.set(key, value);
      this.#remembered.delete(key);
      if (value !== undefined) this.#mayBeFirst(key);
    }
  }

  /** The writes that are not durable yet, for the next transaction. */
  pendingWrites(): readonly Write[] {
    return [...this.#pending].map(([key, value]) => [utf8(key), value]);
  }

  /**
   * The state as it is now, whatever is written later. What waits to become durable counts, though a write of it may be under
   * way: it says the same.
   */
  reading(readState: () => StateReading): StateReading {
    const durable = readState();
    const pending = new Map(this.#pending);
    const keys = [...pending.keys()].sort();
    return {
      *rows(after) {
        const from = after === undefined ? undefined : decoder.decode(after);
        const ours = keys.filter((key) => from === undefined || key > from);
        const rows = merge(
          texts(durable.rows(after)),
          ours.map((key) => [key, pending.get(key)] as const),
          (key) => pending.has(key),
        );
        for (const [key, value] of rows) yield [utf8(key), value];
      },
      close: () => durable.close(),
    };
  }

  /** Forgets what has become durable, but for keys that were written again since. */
  flushed(writes: readonly Write[]): void {
    for (const [bytes, value] of writes) {
      const key = decoder.decode(bytes);
      if (this.#pending.get(key) !== value) continue;
      this.#pending.delete(key);
      this.#pendingKeys.delete(key);
      if (value !== undefined) this.#remembered.set(key, value);
    }
  }

  #mayBeFirst(key: string): void {
    for (const [prefix, first] of this.#firstOf) {
      if (key < first && key.startsWith(prefix)) this.#firstOf.set(prefix, key);
    }
  }

  *#pendingFrom(prefix: string, from: string): Iterable<Written> {
    for (let key = this.#pendingKeys.firstFrom(from); key?.startsWith(prefix) === true;) {
      yield [key, this.#pending.get(key)];
      // The least text after it. Writes may come while a reader of a scan does something else.
      key = this.#pendingKeys.firstFrom(`${key}\0`);
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
    const ours = [...this.#written].filter(([key]) => key.startsWith(prefix) && key >= from);
    yield* merge(this.before.scan(prefix, from), ours.sort(byKey), (key) => this.#written.has(key));
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

function* texts(rows: Iterable<Row>): Iterable<readonly [string, Uint8Array]> {
  for (const [key, value] of rows) yield [decoder.decode(key), value];
}

/**
 * Lays `upper` over `lower`: both in order, the upper one's word counts, and its `undefined` hides.
 *
 * @param isOver - Claims that `upper` has a word on a key.
 */
function* merge(
  lower: Iterable<readonly [string, Uint8Array]>,
  upper: Iterable<Written>,
  isOver: (key: string) => boolean,
): Iterable<readonly [string, Uint8Array]> {
  const ours = upper[Symbol.iterator]();
  let own = ours.next();
  let previous = '';
  for (const each of lower) {
    assert(each[0] > previous || previous === '', 'a scan goes upwards');
    previous = each[0];
    for (; own.done !== true && own.value[0] < each[0]; own = ours.next()) {
      const [key, value] = own.value;
      if (value !== undefined) yield [key, value];
    }
    if (!isOver(each[0])) yield each;
  }
  for (; own.done !== true; own = ours.next()) {
    const [key, value] = own.value;
    if (value !== undefined) yield [key, value];
  }
}

function byKey(a: readonly [string, unknown], b: readonly [string, unknown]): number {
  if (a[0] === b[0]) return 0;
  return a[0] < b[0] ? -1 : 1;
}
