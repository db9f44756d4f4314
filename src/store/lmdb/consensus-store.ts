import type { RootDatabase } from 'lmdb';
import { assert, u64be, utf8 } from '../../common/index.js';
import type { LogIndex } from '../../common/index.js';
import type {
  ConsensusStore,
  Entry,
  LogFront,
  LogPage,
  LogPageLimits,
  Persist,
  StoredLog,
} from '../../ports/index.js';
import { pageOf, unbroken } from '../log-pages.js';
import { endOfPrefix, startOfScan } from '../prefix.js';
import {
  contentOf,
  damaged,
  entryFromBytes,
  entryToBytes,
  FIRST_HARD_STATE,
  frontFromBytes,
  frontToBytes,
  hardStateFromBytes,
  hardStateToBytes,
  numberFromBytes,
  record,
  requireFits,
} from '../records.js';
import { requireSpaceFor } from '../disk-space.js';
import { FRONT_REMOVED_FORMAT, openEnvironment, STORE_FORMAT } from './environment.js';
import type { Environment, StoreOwner, WriteCounted } from './environment.js';
import { LOWEST_KEY } from './table.js';
import type { Table } from './table.js';

type Tables = {
  /** u64be(index) → `entryToBytes`. */
  readonly log: Table;
  /** The records of which there is one. */
  readonly meta: Table;
  /** The replicated state, as its writes name it; each value is a `record`. */
  readonly state: Table;
};

const HARD_STATE = utf8('hard-state');
const APPLIED = utf8('applied');
const FRONT = utf8('front');
/** lmdb's, for pages of 4 KiB. */
const KEY_BYTES_MAX = 1978;

/**
 * Opens the log and the replicated state in the directory `path`, an lmdb environment of their own.
 *
 * @throws ClusterError as {@link openEnvironment} does.
 */
export async function openLmdbConsensusStore(
  path: string,
  owner?: StoreOwner,
): Promise<ConsensusStore & WriteCounted> {
  const environment = await openEnvironment(
    path,
    (table) => ({
      log: table('log'),
      meta: table('meta'),
      state: table('state'),
    }),
    owner,
    [STORE_FORMAT, FRONT_REMOVED_FORMAT],
  );
  return new LmdbConsensusStore(path, environment);
}

/** The bytes and the records of a batch. Of removed entries, whose pages are next to each other, none is counted. */
function sizeOf({ entries, writes }: Persist): [bytes: number, items: number] {
  const bytesOfEntries = entries.reduce((sum, { payload }) => sum + payload.length, 0);
  const bytesOfWrites = writes.reduce(
    (sum, [key, value]) => sum + key.length + (value?.length ?? 0),
    0,
  );
  return [bytesOfEntries + bytesOfWrites, entries.length + writes.length];
}

class LmdbConsensusStore implements ConsensusStore, WriteCounted {
  readonly #path: string;
  readonly #root: RootDatabase<Uint8Array, Uint8Array>;
  readonly #tables: Tables;
  readonly #environment: Environment<Tables>;
  #writing: Promise<unknown> | undefined;
  #closing: Promise<void> | undefined;

  constructor(path: string, environment: Environment<Tables>) {
    this.#path = path;
    this.#environment = environment;
    this.#root = environment.root;
    this.#tables = environment.tables;
  }

  async load(): Promise<StoredLog> {
    const { log, meta } = this.#tables;
    const hardState = meta.get(HARD_STATE);
    const applied = meta.get(APPLIED);
    const front = this.#front();
    return {
      hardState: hardState === undefined ? FIRST_HARD_STATE : hardStateFromBytes(hardState),
      front,
      entries: unbroken(this.#entriesFrom(LOWEST_KEY), front?.before.index),
      isEmpty: front === undefined && log.getKeysCount({ limit: 1 }) === 0,
      applied: applied === undefined ? 0 : numberFromBytes(contentOf(applied)),
    };
  }

  readLog(after: LogIndex, limits: LogPageLimits): LogPage | undefined {
    const entries = unbroken(this.#entriesFrom(u64be(Math.max(after, 1))));
    return pageOf(after, entries, limits, this.#front());
  }

  #front(): LogFront | undefined {
    const bytes = this.#tables.meta.get(FRONT);
    return bytes === undefined ? undefined : frontFromBytes(bytes);
  }

  *#entriesFrom(start: Uint8Array): Generator<Entry> {
    for (const { key, value } of this.#tables.log.getRange({ start })) {
      const entry = entryFromBytes(value);
      if (entry.index !== numberFromBytes(key)) damaged('A log entry stands at a wrong index');
      yield entry;
    }
  }

  async persist(batch: Persist): Promise<void> {
    assert(this.#writing === undefined, 'the store is written by one call at a time');
    assert(this.#closing === undefined, 'the store is closed');
    requireSpaceFor(this.#path, ...sizeOf(batch));
    this.#writing = this.#environment.durable(this.#write(batch));
    try {
      await this.#writing;
    } finally {
      this.#writing = undefined;
    }
  }

  get(key: Uint8Array): Uint8Array | undefined {
    const value = this.#tables.state.get(key);
    return value === undefined ? undefined : Uint8Array.from(contentOf(value));
  }

  *scan(prefix: Uint8Array, from?: Uint8Array): Generator<readonly [Uint8Array, Uint8Array]> {
    const start = startOfScan(prefix, from);
    const end = endOfPrefix(prefix);
    const range = {
      start: start.length === 0 ? LOWEST_KEY : start,
      ...(end === undefined ? {} : { end }),
    };
    for (const { key, value } of this.#tables.state.getRange(range))
      yield [Uint8Array.from(key), Uint8Array.from(contentOf(value))];
  }

  writeCount(): number {
    return this.#environment.writeCount();
  }

  close(): Promise<void> {
    this.#closing ??= this.#settled().then(() => this.#environment.close());
    return this.#closing;
  }

  async #settled(): Promise<void> {
    await Promise.allSettled([this.#writing]);
  }

  /** Of the entries up to `last`. */
  #keysUpTo(last: LogIndex): Uint8Array[] {
    const end = u64be(last + 1);
    return [...this.#tables.log.getKeys({ start: LOWEST_KEY, end })].map((key) =>
      Uint8Array.from(key),
    );
  }

  /**
   * One lmdb batch is one transaction: its writes are queued here without a pause and committed on lmdb's own thread.
   * (`transaction` would not roll back what a throwing callback has put.) So everything that can throw is done first.
   */
  #write(batch: Persist): Promise<unknown> {
    const { log, meta, state } = this.#tables;
    const [last] = log.getKeys({ reverse: true, limit: 1 });
    const front = this.#front();
    requireFits(batch, last === undefined ? front?.before.index : numberFromBytes(last), front);
    const entries = batch.entries.map(
      (entry) => [u64be(entry.index), entryToBytes(entry)] as const,
    );
    const removed =
      batch.truncateFrom === undefined
        ? []
        : [...log.getKeys({ start: u64be(batch.truncateFrom) })].map((key) => Uint8Array.from(key));
    const dropped = batch.front === undefined ? [] : this.#keysUpTo(batch.front.before.index);
    // lmdb reads values later, from where they are: it gets copies.
    const writes = batch.writes.map(([key, value]) => {
      assert(key.length > 0 && key.length <= KEY_BYTES_MAX, 'a key of the state has a bad length');
      return [key, value === undefined ? undefined : record(value)] as const;
    });
    const hardState = batch.hardState === undefined ? undefined : hardStateToBytes(batch.hardState);
    const applied = record(u64be(batch.applied));

    return this.#root.batch(() => {
      for (const key of [...removed, ...dropped]) void log.remove(key);
      if (batch.front !== undefined) {
        void meta.put(FRONT, frontToBytes(batch.front));
        if (front === undefined) void this.#environment.markFrontRemoved();
      }
      for (const [key, value] of entries) void log.put(key, value);
      for (const [key, value] of writes)
        void (value === undefined ? state.remove(key) : state.put(key, value));
      if (hardState !== undefined) void meta.put(HARD_STATE, hardState);
      void meta.put(APPLIED, applied);
    });
  }
}
