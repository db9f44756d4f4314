import { assert, compare, toHex } from '../../common/index.js';
import type { LogIndex } from '../../common/index.js';
import type {
  AuditHead,
  ConsensusStore,
  Entry,
  LogFront,
  LogPage,
  LogPageLimits,
  Persist,
  Row,
  StateReading,
  StoredLog,
} from '../../ports/index.js';
import { pageOf, unbroken } from '../log-pages.js';
import { endOfPrefix, startOfScan } from '../prefix.js';
import { entryFromBytes, entryToBytes, FIRST_HARD_STATE, requireFits } from '../records.js';

/** The log and the replicated state in memory: gone with the process, otherwise as on disk. */
export function memoryConsensusStore(): ConsensusStore {
  return new MemoryConsensusStore();
}

class MemoryConsensusStore implements ConsensusStore {
  #hardState = FIRST_HARD_STATE;
  #applied = 0;
  #audit: AuditHead | undefined;
  readonly #notes = new Map<string, Uint8Array>();
  /** Encoded entries, the first of them at index `#first`. */
  readonly #log: Uint8Array[] = [];
  #first = 1;
  #front: LogFront | undefined;
  /** By hex of the key, whose order is the bytewise one. */
  #state = new Map<string, Row>();
  /** A state that is put together, to take the place of the one in use. */
  #staged = new Map<string, Row>();
  #sorted: readonly string[] | undefined;
  #writing = false;

  async load(): Promise<StoredLog> {
    return {
      hardState: this.#hardState,
      front: this.#front,
      entries: unbroken(this.#entriesFrom(this.#first)),
      isEmpty: this.#log.length === 0 && this.#front === undefined,
      applied: this.#applied,
      audit: this.#audit,
      notes: new Map(this.#notes),
    };
  }

  readLog(after: LogIndex, limits: LogPageLimits): LogPage | undefined {
    const entries = unbroken(this.#entriesFrom(Math.max(after, this.#first)));
    return pageOf(after, entries, limits, this.#front);
  }

  *#entriesFrom(index: LogIndex): Generator<Entry> {
    for (let at = index - this.#first; at < this.#log.length; at++)
      yield entryFromBytes(this.#log[at] ?? new Uint8Array(0));
  }

  async persist(batch: Persist): Promise<void> {
    assert(!this.#writing, 'the store is written by one call at a time');
    const last = this.#log.length === 0 ? undefined : this.#first + this.#log.length - 1;
    requireFits(batch, last ?? this.#front?.before.index, this.#front);
    const entries = batch.entries.map(entryToBytes);
    const first = batch.entries[0]?.index;
    const writes = batch.writes.map(([key, value]) => {
      assert(key.length > 0, 'a key of the state has a bad length');
      return [
        Uint8Array.from(key),
        value === undefined ? undefined : Uint8Array.from(value),
      ] as const;
    });
    const notes = (batch.notes ?? []).map(([name, value]) => [name, value.slice()] as const);
    this.#writing = true;
    // As on disk: until this is durable, readers see what was before.
    await Promise.resolve();
    this.#truncate(batch.truncateFrom);
    if (batch.front !== undefined) this.#drop(batch.front);
    if (batch.installed !== undefined) this.#install(batch.installed);
    if (this.#log.length === 0 && first !== undefined) this.#first = first;
    for (const bytes of entries) this.#log.push(bytes);
    for (const [key, value] of writes) this.#set(key, value);
    for (const [name, value] of notes) this.#notes.set(name, value);
    this.#hardState = batch.hardState ?? this.#hardState;
    this.#applied = batch.applied;
    this.#audit = batch.audit ?? this.#audit;
    this.#writing = false;
  }

  get(key: Uint8Array): Uint8Array | undefined {
    const value = this.#state.get(toHex(key))?.[1];
    return value === undefined ? undefined : Uint8Array.from(value);
  }

  *scan(prefix: Uint8Array, from?: Uint8Array): Generator<readonly [Uint8Array, Uint8Array]> {
    this.#sorted ??= [...this.#state.keys()].sort();
    const keys = this.#sorted;
    const end = endOfPrefix(prefix);
    const stop = end === undefined ? keys.length : positionOf(keys, toHex(end));
    for (let at = positionOf(keys, toHex(startOfScan(prefix, from))); at < stop; at++) {
      const found = this.#state.get(keys[at] ?? '');
      if (found !== undefined) yield [Uint8Array.from(found[0]), Uint8Array.from(found[1])];
    }
  }

  readState(): StateReading {
    const rows = [...this.scan(new Uint8Array(0))];
    return {
      *rows(after) {
        const from = after === undefined ? 0 : firstBehind(rows, after);
        for (let at = from; at < rows.length; at++) {
          const row = rows[at];
          if (row !== undefined) yield row;
        }
      },
      close: () => undefined,
    };
  }

  async stage(rows: readonly Row[], isFirst: boolean): Promise<void> {
    const copies = rows.map(
      ([key, value]) => [Uint8Array.from(key), Uint8Array.from(value)] as const,
    );
    await Promise.resolve();
    if (isFirst) this.#staged = new Map();
    for (const row of copies) this.#staged.set(toHex(row[0]), row);
  }

  async close(): Promise<void> {
    // Nothing is held.
  }

  #truncate(from: number | undefined): void {
    if (from === undefined) return;
    this.#log.length = Math.max(0, Math.min(this.#log.length, from - this.#first));
  }

  #drop(front: LogFront): void {
    const first = front.before.index + 1;
    this.#log.splice(0, first - this.#first);
    this.#first = first;
    this.#front = { before: { ...front.before }, genesisHash: front.genesisHash.slice() };
  }

  #install(front: LogFront): void {
    this.#log.length = 0;
    this.#drop(front);
    this.#state = this.#staged;
    this.#staged = new Map();
    this.#sorted = undefined;
  }

  #set(key: Uint8Array, value: Uint8Array | undefined): void {
    const name = toHex(key);
    if (value === undefined || !this.#state.has(name)) this.#sorted = undefined;
    if (value === undefined) this.#state.delete(name);
    else this.#state.set(name, [key, value]);
  }
}

/** Where `text` stands in `sorted`, or would. */
function positionOf(sorted: readonly string[], text: string): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] ?? '') < text) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Position of the first row whose key is behind `key`. */
function firstBehind(rows: readonly Row[], key: Uint8Array): number {
  let [low, high] = [0, rows.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const row = rows[middle];
    if (row !== undefined && compare(row[0], key) <= 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
