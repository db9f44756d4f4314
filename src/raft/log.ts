import { assert, ClusterError, equal } from '../common/index.js';
import type { LogIndex, Term } from '../common/index.js';
import type { Entry, Link, LogFront } from '../ports/index.js';
import { damagedAt, follows, linkOf, ORIGIN } from './chain.js';
import { entryBytes, LIMITS } from './limits.js';
import type { Limits } from './limits.js';
import { Terms } from './terms.js';

/** The part of the log to be made durable next. */
export type UnsavedLog = {
  readonly truncateFrom: LogIndex | undefined;
  readonly entries: readonly Entry[];
};

/** Of a log that begins with its genesis, and of which everything is kept in memory. */
const WHOLE: LogStart = { settled: 0, bytesMax: Infinity, partBytes: LIMITS.logPartBytes };

export type LogStart = {
  /** Entries up to here are never truncated, so they need not be in memory. */
  readonly settled: LogIndex;
  /** As {@link Limits.logMemoryBytesMax}. */
  readonly bytesMax: number;
  /** As {@link Limits.logPartBytes}. */
  readonly partBytes: number;
  /** Of a log whose first entries were removed. */
  readonly front?: LogFront | undefined;
};

/** A part of the log that is on disk alone. Parts are removed as a whole. */
type Part = { readonly last: Link; readonly bytes: number };

/**
 * The log: its newest entries in memory, the terms of those before them, and how far it is durable. Index 0 is "before the
 * log". It knows nothing of commitment: its caller makes sure that what is truncated is not committed, and that what is
 * trimmed is, and durable.
 */
export class Log {
  /** The place before the first entry in memory. */
  #before: Link;
  readonly #entries: Entry[] = [];
  /** Of {@link #entries}, by {@link entryBytes}. */
  #bytes = 0;
  readonly #terms: Terms;
  readonly #genesisHash: Uint8Array;
  readonly #partBytesMax: number;
  /** The place before the first entry on disk. */
  #front: Link;
  /** The log that is on disk alone, from its front on, up to the last few entries. */
  readonly #parts: Part[] = [];
  /** Of the entries behind the last part that are on disk alone. */
  #partBytes = 0;
  /** Of all entries that are on disk alone. */
  #oldBytes = 0;
  #durable: LogIndex;
  /** Entries up to here have been handed out to be made durable. */
  #handed: LogIndex;
  #truncateFrom: LogIndex | undefined;

  private constructor(before: Link, genesisHash: Uint8Array, partBytes: number) {
    this.#partBytesMax = partBytes;
    this.#before = linkOf(before);
    this.#front = this.#before;
    this.#genesisHash = genesisHash;
    this.#terms = new Terms(before.index, before.term);
    this.#durable = before.index;
    this.#handed = before.index;
  }

  /**
   * The log as loaded, or a new one with the genesis that is still to be made durable. Every entry is looked at, and no more
   * of them are in memory at a time than are kept there.
   *
   * @throws ClusterError `data-loss` when a link of the chain is broken or the log begins with another genesis.
   */
  static open(genesis: Entry, loaded: Iterable<Entry>, start: LogStart = WHOLE): Log {
    const { front } = start;
    if (front !== undefined) requireGenesis(front.genesisHash, genesis);
    const log = new Log(front?.before ?? ORIGIN, genesis.hash, start.partBytes);
    for (const entry of loaded) {
      const { last } = log;
      if (last.index === 0) requireGenesis(entry.hash, genesis);
      if (!follows(last, entry)) throw damagedAt(last.index + 1);
      log.append(entry);
      log.#durable = entry.index;
      log.#handed = entry.index;
      log.trim(start.settled, start.bytesMax);
    }
    if (log.last.index === 0) log.append(genesis);
    return log;
  }

  /** The last entry, or its place if it is not in memory. */
  get last(): Link {
    return this.#entries.at(-1) ?? this.#before;
  }

  /** Entries up to here survive a crash. */
  get durable(): LogIndex {
    return this.#durable;
  }

  /** Entries behind this index are in memory, and so is the place of this one in the chain. */
  get start(): LogIndex {
    return this.#before.index;
  }

  /** The place of the last entry that was removed from the disk; 0 when all are there. */
  get front(): LogIndex {
    return this.#front.index;
  }

  /** The place of the last entry that was removed from the disk. */
  get frontLink(): Link {
    return this.#front;
  }

  /** The hash of the genesis: whose log it is. */
  get genesisHash(): Uint8Array {
    return this.#genesisHash;
  }

  /** About so much of the log, by {@link entryBytes}, is behind `index`: as if all entries were of one length. */
  bytesBehind(index: LogIndex): number {
    const [from, last] = [Math.max(index, this.front), this.last.index];
    if (from >= last) return 0;
    return Math.floor(((this.#oldBytes + this.#bytes) * (last - from)) / (last - this.front));
  }

  /** The bytes of the log in memory, by {@link entryBytes}. */
  get bytes(): number {
    return this.#bytes;
  }

  /** An entry that is in memory. */
  at(index: LogIndex): Entry | undefined {
    return this.#entries[index - this.#before.index - 1];
  }

  /** The place of an entry in the chain; `undefined` before {@link start} and beyond the log. */
  linkAt(index: LogIndex): Link | undefined {
    return index === this.#before.index ? this.#before : this.at(index);
  }

  /** The term of an entry, in memory or not; 0 before the log, `undefined` beyond it. */
  termAt(index: LogIndex): Term | undefined {
    return index > this.last.index ? undefined : this.#terms.at(index);
  }

  /** The hash of an entry, zeros before the log; `undefined` before {@link start} and beyond the log. */
  hashAt(index: LogIndex): Uint8Array | undefined {
    return this.linkAt(index)?.hash;
  }

  /** Whether nothing is known of the entry at `index` any more, not even its term. */
  hasForgotten(index: LogIndex): boolean {
    return index < this.#terms.first;
  }

  /** Later last term wins; with equal terms, the longer log (Raft §5.4.1). */
  isUpToDate(lastIndex: LogIndex, lastTerm: Term): boolean {
    const ours = this.last;
    return lastTerm > ours.term || (lastTerm === ours.term && lastIndex >= ours.index);
  }

  /**
   * The last index up to `index` whose term is at most `term`. Two logs that differ at `index` can agree there at the
   * latest, which lets a probe skip a whole term (Raft §5.3, end).
   */
  lastWithTermAtMost(index: LogIndex, term: Term): LogIndex {
    return this.#terms.lastAtMost(Math.min(index, this.last.index), term);
  }

  append(entry: Entry): void {
    assert(entry.index === this.last.index + 1, 'an entry is appended at the end');
    this.#entries.push(entry);
    this.#bytes += entryBytes(entry);
    this.#terms.append(entry.index, entry.term);
  }

  /** Forgets `from` and all after it. What is durable of it counts no longer, at once. */
  truncate(from: LogIndex): void {
    assert(from > 1 && from <= this.last.index, 'what is truncated is there, and not the genesis');
    assert(from > this.start, 'what is truncated is in memory');
    for (const entry of this.#entries.splice(from - this.start - 1))
      this.#bytes -= entryBytes(entry);
    this.#terms.truncate(from);
    this.#durable = Math.min(this.#durable, from - 1);
    if (from > this.#handed) return;
    this.#handed = from - 1;
    this.#truncateFrom = from;
  }

  /**
   * Lets entries go from memory, from the first on, once there are more than `bytesMax` of them: only such as are durable,
   * and none behind `settled`. A quarter more than need be, so that it is not done for each entry.
   */
  trim(settled: LogIndex, bytesMax: number): void {
    if (this.#bytes <= bytesMax) return;
    const last = Math.min(settled, this.#durable);
    let count = 0;
    for (const entry of this.#entries) {
      if (entry.index > last || this.#bytes <= (bytesMax * 3) / 4) break;
      this.#bytes -= entryBytes(entry);
      this.#leftMemory(entry);
      count += 1;
    }
    const trimmed = this.#entries.splice(0, count).at(-1);
    if (trimmed !== undefined) this.#before = linkOf(trimmed);
  }

  /**
   * Removes the first part of the log from the disk, with the next write, if there is more than `bytesMax` that is on disk
   * alone, and nothing in that part is behind `last`. What it gives belongs into that write.
   */
  takeFront(last: LogIndex, bytesMax: number): LogFront | undefined {
    const [part] = this.#parts;
    if (part === undefined || part.last.index > last || this.#oldBytes <= bytesMax)
      return undefined;
    this.#parts.shift();
    this.#oldBytes -= part.bytes;
    this.#front = part.last;
    this.#terms.forgetBefore(part.last.index);
    return { before: part.last, genesisHash: this.#genesisHash };
  }

  #leftMemory(entry: Entry): void {
    const bytes = entryBytes(entry);
    this.#oldBytes += bytes;
    this.#partBytes += bytes;
    if (this.#partBytes < this.#partBytesMax) return;
    this.#parts.push({ last: linkOf(entry), bytes: this.#partBytes });
    this.#partBytes = 0;
  }

  /** The bytes of the log that is on disk alone, by {@link entryBytes}. */
  get oldBytes(): number {
    return this.#oldBytes;
  }

  /** Entries from `from` on, which is in memory, within the limits of one append; at least one if there is one. */
  batch(from: LogIndex, limits: Limits): readonly Entry[] {
    const entries = this.#entries.slice(
      from - this.start - 1,
      from - this.start - 1 + limits.appendEntriesMax,
    );
    return firstOf(entries, limits);
  }

  /** Entries after `after`, which is no earlier than {@link start}, up to `last`. */
  slice(after: LogIndex, last: LogIndex): readonly Entry[] {
    assert(after >= this.start, 'what is asked for is in memory');
    return this.#entries.slice(after - this.start, last - this.start);
  }

  hasUnsaved(): boolean {
    return this.#handed < this.last.index;
  }

  /** Hands out what is not yet on its way to the disk. */
  takeUnsaved(): UnsavedLog {
    const unsaved = {
      truncateFrom: this.#truncateFrom,
      entries: this.slice(this.#handed, this.last.index),
    };
    this.#truncateFrom = undefined;
    this.#handed = this.last.index;
    return unsaved;
  }

  /**
   * Entries up to `last` are durable, if `last` still has that hash: it stands for all entries before it, so what was
   * truncated during the write does not count. (What remains of that write counts with the next.)
   */
  saved(last: LogIndex, hash: Uint8Array): void {
    const ours = this.at(last);
    if (ours === undefined || !equal(ours.hash, hash)) return;
    this.#durable = Math.max(this.#durable, last);
  }
}

/** @throws ClusterError `data-loss` when the genesis of a log is another one than this. */
function requireGenesis(hash: Uint8Array, genesis: Entry): void {
  if (equal(hash, genesis.hash)) return;
  throw new ClusterError('data-loss', 'The log begins with another genesis', {
    reason: 'GENESIS_MISMATCH',
  });
}

/** The first of `entries` that fit into one append, and one at least if there is one. */
export function firstOf(entries: readonly Entry[], limits: Limits): readonly Entry[] {
  let bytes = 0;
  let count = 0;
  for (const entry of entries) {
    bytes += entryBytes(entry);
    if (count === limits.appendEntriesMax || (count > 0 && bytes > limits.appendBytesMax)) break;
    count += 1;
  }
  return entries.slice(0, count);
}
