import { KeyRecord, KeySummary, TaskRecord, TaskSummary } from '../../wire/index.js';
import { activeKey } from '../keys.js';
import type { ActiveKey } from '../keys.js';
import {
  LIST_MORE_COUNT_MAX,
  LIST_RECORD_WORK,
  LIST_SLICE_WORK,
  LISTED_RECORD_WORK,
} from '../limits.js';
import { ADDRESS } from '../records.js';
import type { Overlay, StateWrite } from '../view.js';
import { fitsKey, keyIdIn, keyRowTest, KeyRows } from './key-rows.js';
import type { KeyFilter } from './key-rows.js';
import { fitsTask, taskIdIn, taskPosition, taskRowTest, TaskRows } from './task-rows.js';
import type { TaskFilter } from './task-rows.js';

/** The part of a list that is asked for. */
export type ListPage = {
  /** The position that the page before ended at; '' begins. */
  readonly after: string;
  readonly recordsMax: number;
  /** Of the records as they are stored; a single one may have more. */
  readonly bytesMax: number;
};

/** One page of a list. */
export type Listed<R> = {
  readonly records: readonly R[];
  /** The position that the next page begins behind; '' when there is none. */
  readonly next: string;
  /** The records of the list behind this page, as of now; with `LIST_MORE_COUNT_MAX`, so many or more. */
  readonly moreCount: number;
};

/** Work that is done in slices: every `next` does a bounded part of it, and anything may happen in between. */
export type Sliced<T> = Generator<undefined, T, undefined>;

type FollowedView = Pick<Overlay, 'peek' | 'scan' | 'follow'>;

/**
 * Finds tasks and keys for lists without reading those that it does not show. It is made from the state and decides
 * nothing: no entry, no store and no other node knows it. Until it is built it follows nothing, and costs nothing.
 */
export class ListIndex {
  readonly #view: FollowedView;
  readonly #tasks = new TaskRows();
  readonly #keys = new KeyRows();

  constructor(view: FollowedView) {
    this.#view = view;
  }

  /** Reads the whole state once. Entries may be applied meanwhile: each record counts as it is in the end. */
  *build(): Sliced<void> {
    this.#view.follow((writes) => this.#applied(writes));
    yield* this.#each(ADDRESS.tasks, (_, bytes) => this.#tasks.put(TaskSummary.decode(bytes)));
    yield* this.#each(ADDRESS.keys, (id, bytes) => this.#keyWritten(id, bytes));
  }

  #applied(writes: readonly StateWrite[]): void {
    for (const [address, bytes] of writes) {
      if (address.startsWith(ADDRESS.tasks)) this.#taskWritten(address, bytes);
      else if (address.startsWith(ADDRESS.keys))
        this.#keyWritten(address.slice(ADDRESS.keys.length), bytes);
    }
  }

  /** Tasks, the newest first. */
  tasks(filter: TaskFilter, page: ListPage): Sliced<Listed<TaskRecord>> {
    return findPage(page, {
      next: (after) => this.#tasks.next(filter, after),
      positionOf: taskPosition,
      fits: taskRowTest(filter),
      read: (row) => {
        const bytes = this.#view.peek(ADDRESS.tasks + taskIdIn(row));
        const record = bytes && TaskRecord.decode(bytes);
        return record && fitsTask(record, filter) ? { record, bytes: bytes.length } : undefined;
      },
    });
  }

  /** Keys, in order of their ids. */
  keys(filter: KeyFilter, page: ListPage): Sliced<Listed<ActiveKey>> {
    return findPage(page, {
      next: (after) => this.#keys.next(filter, after),
      positionOf: keyIdIn,
      fits: keyRowTest(filter),
      read: (row) => {
        const bytes = this.#view.peek(ADDRESS.keys + keyIdIn(row));
        const record = bytes && activeKey(KeyRecord.decode(bytes));
        return record && fitsKey(record, filter) ? { record, bytes: bytes.length } : undefined;
      },
    });
  }

  #taskWritten(address: string, bytes: Uint8Array | undefined): void {
    if (bytes !== undefined) return this.#tasks.put(TaskSummary.decode(bytes));
    const before = this.#view.peek(address);
    if (before !== undefined) this.#tasks.delete(TaskSummary.decode(before));
  }

  #keyWritten(id: string, bytes: Uint8Array | undefined): void {
    if (bytes === undefined) this.#keys.delete(id);
    else this.#keys.put(id, KeySummary.decode(bytes));
  }

  *#each(place: string, take: (id: string, bytes: Uint8Array) => void): Sliced<void> {
    const perSlice = LIST_SLICE_WORK / LISTED_RECORD_WORK;
    for (let from: string | undefined = place; from !== undefined; yield) {
      let taken = 0;
      let last: string | undefined;
      for (const [address, bytes] of this.#view.scan(place, from)) {
        take(address.slice(place.length), bytes);
        last = address;
        if (++taken === perSlice) break;
      }
      // "!" is below every character of an id, so this begins right behind the last.
      from = taken < perSlice ? undefined : `${last}!`;
    }
  }
}

type Lookup<R> = {
  /** Some rows behind a position, in order; none at the end. */
  next(after: string): readonly string[];
  positionOf(row: string): string;
  fits(row: string): boolean;
  /** The record of a row, with its size, if it fits too. */
  read(row: string): { readonly record: R; readonly bytes: number } | undefined;
};

/**
 * Reads the records of one page, and counts the rows behind them that fit. A page that is followed by another is not
 * empty: records that do not fit after all, and that alone, make it read more than `recordsMax`.
 */
function* findPage<R>(
  { after, recordsMax, bytesMax }: ListPage,
  lookup: Lookup<R>,
): Sliced<Listed<R>> {
  const records: R[] = [];
  let next = after;
  let [bytes, readCount, moreCount, work] = [0, 0, 0, 0];
  const pageIsFull = (): boolean =>
    moreCount > 0 || (readCount >= recordsMax && records.length > 0);
  for (let rows = lookup.next(after); rows.length > 0;) {
    for (const row of rows) {
      work += 1;
      if (work >= LIST_SLICE_WORK) {
        work = 0;
        yield;
      }
      if (!lookup.fits(row)) continue;
      if (pageIsFull()) {
        moreCount += 1;
        if (moreCount === LIST_MORE_COUNT_MAX) return { records, next, moreCount };
        continue;
      }
      work += LIST_RECORD_WORK;
      readCount += 1;
      const found = lookup.read(row);
      if (found !== undefined && bytes > 0 && bytes + found.bytes > bytesMax) {
        moreCount += 1;
        continue;
      }
      next = lookup.positionOf(row);
      if (found === undefined) continue;
      bytes += found.bytes;
      records.push(found.record);
    }
    rows = lookup.next(lookup.positionOf(rows.at(-1) ?? ''));
  }
  return { records, next: moreCount === 0 ? '' : next, moreCount };
}
