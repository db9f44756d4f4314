import { assert, ClusterError, equal } from '../common/index.js';
import type { LogIndex, Term } from '../common/index.js';
import type { Entry } from '../ports/index.js';
import { entryHash, ZERO_HASH } from './entry-hash.js';
import { entryBytes } from './limits.js';
import type { Limits } from './limits.js';

/** The part of the log to be made durable next. */
export type UnsavedLog = {
  readonly truncateFrom: LogIndex | undefined;
  readonly entries: readonly Entry[];
};

/**
 * The whole log in memory, and how far it is durable. Entry `index` stands at `index`; 0 is "before the log".
 * It knows nothing of commitment: its caller makes sure that what is truncated is not committed.
 */
export class Log {
  readonly #entries: Entry[];
  #durable: LogIndex;
  /** Entries up to here have been handed out to be made durable. */
  #handed: LogIndex;
  #truncateFrom: LogIndex | undefined;

  private constructor(entries: Entry[], durable: LogIndex) {
    this.#entries = entries;
    this.#durable = durable;
    this.#handed = durable;
  }

  /**
   * The log as loaded, or a new one with the genesis that is still to be made durable.
   *
   * @throws ClusterError `data-loss` when a link of the chain is broken or the log begins with another genesis.
   */
  static open(genesis: Entry, loaded: readonly Entry[]): Log {
    const first = loaded[0];
    if (first === undefined) return new Log([genesis], 0);
    if (!equal(first.hash, genesis.hash)) {
      throw new ClusterError('data-loss', 'The log begins with another genesis', {
        reason: 'GENESIS_MISMATCH',
      });
    }
    let previous: Entry | undefined;
    for (const entry of loaded) {
      if (!follows(previous, entry)) {
        const index = (previous?.index ?? 0) + 1;
        throw new ClusterError('data-loss', `The log is damaged at index ${index}`, {
          reason: 'LOG_DAMAGED',
        });
      }
      previous = entry;
    }
    return new Log([...loaded], loaded.length);
  }

  get last(): Entry {
    const last = this.#entries.at(-1);
    assert(last !== undefined, 'a log is never empty');
    return last;
  }

  /** Entries up to here survive a crash. */
  get durable(): LogIndex {
    return this.#durable;
  }

  at(index: LogIndex): Entry | undefined {
    return this.#entries[index - 1];
  }

  /** The term of an entry, 0 before the log, `undefined` beyond it. */
  termAt(index: LogIndex): Term | undefined {
    return index === 0 ? 0 : this.at(index)?.term;
  }

  /** The hash of an entry, zeros before the log, `undefined` beyond it. */
  hashAt(index: LogIndex): Uint8Array | undefined {
    return index === 0 ? ZERO_HASH : this.at(index)?.hash;
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
    let low = 0;
    let high = Math.min(index, this.last.index);
    // Terms never fall along a log: the entry is found by halving.
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((this.termAt(middle) ?? Infinity) <= term) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  append(entry: Entry): void {
    assert(entry.index === this.last.index + 1, 'an entry is appended at the end');
    this.#entries.push(entry);
  }

  /** Forgets `from` and all after it. What is durable of it counts no longer, at once. */
  truncate(from: LogIndex): void {
    assert(from > 1 && from <= this.last.index, 'what is truncated is there, and not the genesis');
    this.#entries.length = from - 1;
    this.#durable = Math.min(this.#durable, from - 1);
    if (from > this.#handed) return;
    this.#handed = from - 1;
    this.#truncateFrom = from;
  }

  /** Entries from `from` on, within the limits of one append, and at least one if there is one. */
  batch(from: LogIndex, limits: Limits): readonly Entry[] {
    const entries: Entry[] = [];
    let bytes = 0;
    for (let at = from; entries.length < limits.appendEntriesMax; at++) {
      const entry = this.at(at);
      if (entry === undefined) break;
      bytes += entryBytes(entry);
      if (entries.length > 0 && bytes > limits.appendBytesMax) break;
      entries.push(entry);
    }
    return entries;
  }

  /** Entries after `after` up to `last`. */
  slice(after: LogIndex, last: LogIndex): readonly Entry[] {
    return this.#entries.slice(after, last);
  }

  hasUnsaved(): boolean {
    return this.#handed < this.last.index;
  }

  /** Hands out what is not yet on its way to the disk. */
  takeUnsaved(): UnsavedLog {
    const unsaved = {
      truncateFrom: this.#truncateFrom,
      entries: this.#entries.slice(this.#handed),
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

/** Whether `entry` is what may stand behind `previous`. */
function follows(previous: Entry | undefined, entry: Entry): boolean {
  return (
    entry.index === (previous?.index ?? 0) + 1 &&
    entry.term >= (previous?.term ?? 1) &&
    entry.timeMs >= (previous?.timeMs ?? 0) &&
    (entry.kind === 'genesis') === (previous === undefined) &&
    equal(entry.hash, entryHash(previous?.hash ?? ZERO_HASH, entry))
  );
}
