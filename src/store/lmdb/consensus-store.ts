import type { RootDatabase } from 'lmdb';
import { assert, concat, u64be, utf8 } from '../../common/index.js';
import type { LogIndex } from '../../common/index.js';
import { NOTE_NAME_BYTES_MAX } from '../../ports/index.js';
import type {
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
import {
  auditHeadFromBytes,
  auditHeadToBytes,
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
import { AUDIT_KEY } from './keys.js';
import { LOWEST_KEY } from './table.js';
import type { Table } from './table.js';

type Tables = {
  /** u64be(index) → `entryToBytes`. */
  readonly log: Table;
  /** The records of which there is one. */
  readonly meta: Table;
  /**
   * The replicated state, as its writes name it; each value is a `record`. One of the two is in use, as a record of \`meta\`
   * says; the other is empty, or has a state that is put together.
   */
  readonly state: Table;
  readonly state2: Table;
};

const HARD_STATE = utf8('hard-state');
const APPLIED = utf8('applied');
const FRONT = utf8('front');
/** Before the name of a note. */
const NOTE = utf8('note/');
/** Says that the second table of the state is in use, or the first again; absent where it always was the first. */
const STATE_IN_USE = utf8('state-in-use');
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
      state2: table('state-2'),
    }),
    owner,
    [STORE_FORMAT, FRONT_REMOVED_FORMAT],
  );
  return new LmdbConsensusStore(path, environment);
}

/** The bytes and the records of a batch. Of removed entries, whose pages are next to each other, none is counted. */
function sizeOf({ entries, writes, notes = [] }: Persist): [bytes: number, items: number] {
  const bytesOfEntries = entries.reduce((sum, { payload }) => sum + payload.length, 0);
  const bytesOfWrites = writes.reduce(
    (sum, [key, value]) => sum + key.length + (value?.length ?? 0),
    0,
  );
  const bytesOfNotes = notes.reduce((sum, [name, value]) => sum + name.length + value.length, 0);
  const bytes = bytesOfEntries + bytesOfWrites + bytesOfNotes;
  return [bytes, entries.length + writes.length + notes.length];
}

class LmdbConsensusStore implements ConsensusStore, WriteCounted {
  readonly #path: string;
  readonly #root: RootDatabase<Uint8Array, Uint8Array>;
  readonly #tables: Tables;
  readonly #environment: Environment<Tables>;
  #writing: Promise<unknown> | undefined;
  #staging: Promise<unknown> | undefined;
  /** Whether the second table of the state is in use; as the durable record says, once it was read. */
  #isSecond: boolean | undefined;
  #closing: Promise<void> | undefined;

  constructor(path: string, environment: Environment<Tables>) {
    this.#path = path;
    this.#environment = environment;
    this.#root = environment.root;
    this.#tables = environment.tables;
  }

  async load(): Promise<StoredLog> {
    const { log, meta } = this.#tables;
    // A state that an earlier run has staged, or had in use before it installed a snapshot, is of no use.
    const { other } = this.#states();
    if (other.getKeysCount({ limit: 1 }) > 0) await this.#environment.durable(other.clearAsync());
    const hardState = meta.get(HARD_STATE);
    const applied = meta.get(APPLIED);
    const front = this.#front();
    const audit = meta.get(AUDIT_KEY);
    return {
      hardState: hardState === undefined ? FIRST_HARD_STATE : hardStateFromBytes(hardState),
      front,
      entries: unbroken(this.#entriesFrom(LOWEST_KEY), front?.before.index),
      isEmpty: front === undefined && log.getKeysCount({ limit: 1 }) === 0,
      applied: applied === undefined ? 0 : numberFromBytes(contentOf(applied)),
      audit: audit === undefined ? undefined : auditHeadFromBytes(audit),
      notes: new Map(this.#notes()),
    };
  }

  *#notes(): Generator<[string, Uint8Array]> {
    const range = { start: NOTE, end: endOfPrefix(NOTE) ?? NOTE };
    for (const { key, value } of this.#tables.meta.getRange(range))
      yield [
        new TextDecoder().decode(key.subarray(NOTE.length)),
        Uint8Array.from(contentOf(value)),
      ];
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
      if (batch.installed !== undefined) this.#isSecond = undefined;
    } finally {
      this.#writing = undefined;
    }
  }

  get(key: Uint8Array): Uint8Array | undefined {
    const value = this.#states().used.get(key);
    return value === undefined ? undefined : Uint8Array.from(contentOf(value));
  }

  *scan(prefix: Uint8Array, from?: Uint8Array): Generator<readonly [Uint8Array, Uint8Array]> {
    const start = startOfScan(prefix, from);
    const end = endOfPrefix(prefix);
    const range = {
      start: start.length === 0 ? LOWEST_KEY : start,
      ...(end === undefined ? {} : { end }),
    };
    for (const { key, value } of this.#states().used.getRange(range))
      yield [Uint8Array.from(key), Uint8Array.from(contentOf(value))];
  }

  readState(): StateReading {
    const { used } = this.#states();
    // Keeps all that it reads as it is, whatever is written since.
    const transaction = used.useReadTransaction();
    return {
      *rows(after) {
        const start = after === undefined ? LOWEST_KEY : concat(after, Uint8Array.of(0));
        for (const { key, value } of used.getRange({ start, transaction }))
          yield [Uint8Array.from(key), Uint8Array.from(contentOf(value))];
      },
      close: () => transaction.done(),
    };
  }

  async stage(rows: readonly Row[], isFirst: boolean): Promise<void> {
    assert(this.#closing === undefined, 'the store is closed');
    const { other } = this.#states();
    const bytes = rows.reduce((sum, [key, value]) => sum + key.length + value.length, 0);
    requireSpaceFor(this.#path, bytes, rows.length);
    const copies = rows.map(([key, value]) => {
      assert(key.length > 0 && key.length <= KEY_BYTES_MAX, 'a key of the state has a bad length');
      return [key, record(value)] as const;
    });
    this.#staging = this.#environment.durable(stageIn(this.#root, other, copies, isFirst));
    await this.#staging;
  }

  /** The table of the state that is in use, and the other one. */
  #states(): { readonly used: Table; readonly other: Table } {
    const { state, state2, meta } = this.#tables;
    const isSecond = (this.#isSecond ??= (() => {
      const bytes = meta.get(STATE_IN_USE);
      return bytes !== undefined && contentOf(bytes)[0] === 2;
    })());
    return isSecond ? { used: state2, other: state } : { used: state, other: state2 };
  }

  writeCount(): number {
    return this.#environment.writeCount();
  }

  close(): Promise<void> {
    this.#closing ??= this.#settled().then(() => this.#environment.close());
    return this.#closing;
  }

  async #settled(): Promise<void> {
    await Promise.allSettled([this.#writing, this.#staging]);
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
    const { log, meta } = this.#tables;
    const { used: state } = this.#states();
    const { installed } = batch;
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
    const isSecondNext = this.#isSecond !== true;
    const newFront = installed ?? batch.front;
    const upTo = installed === undefined ? batch.front?.before.index : Number.MAX_SAFE_INTEGER - 1;
    const dropped = upTo === undefined ? [] : this.#keysUpTo(upTo);
    // lmdb reads values later, from where they are: it gets copies.
    const writes = batch.writes.map(([key, value]) => {
      assert(key.length > 0 && key.length <= KEY_BYTES_MAX, 'a key of the state has a bad length');
      return [key, value === undefined ? undefined : record(value)] as const;
    });
    const notes = (batch.notes ?? []).map(([name, value]) => {
      assert(name.length <= NOTE_NAME_BYTES_MAX, 'the name of a note is short');
      return [concat(NOTE, utf8(name)), record(value)] as const;
    });
    const hardState = batch.hardState === undefined ? undefined : hardStateToBytes(batch.hardState);
    const applied = record(u64be(batch.applied));
    const audit = batch.audit === undefined ? undefined : auditHeadToBytes(batch.audit);

    return this.#root.batch(() => {
      for (const key of [...removed, ...dropped]) void log.remove(key);
      if (installed !== undefined)
        void meta.put(STATE_IN_USE, record(Uint8Array.of(isSecondNext ? 2 : 1)));
      if (newFront !== undefined) {
        void meta.put(FRONT, frontToBytes(newFront));
        if (front === undefined) void this.#environment.markFrontRemoved();
      }
      for (const [key, value] of entries) void log.put(key, value);
      for (const [key, value] of writes)
        void (value === undefined ? state.remove(key) : state.put(key, value));
      for (const [key, value] of notes) void meta.put(key, value);
      if (hardState !== undefined) void meta.put(HARD_STATE, hardState);
      if (audit !== undefined) void meta.put(AUDIT_KEY, audit);
      void meta.put(APPLIED, applied);
    });
  }
}

/** Adds rows to a table, which is emptied first if need be. */
async function stageIn(
  root: RootDatabase<Uint8Array, Uint8Array>,
  table: Table,
  rows: readonly Row[],
  isFirst: boolean,
): Promise<unknown> {
  if (isFirst) await table.clearAsync();
  return root.batch(() => {
    for (const [key, value] of rows) void table.put(key, value);
  });
}
