import type { LogIndex, Term } from '../../../src/common/index.js';
import type { Entry } from '../../../src/ports/index.js';
import { sealEntry, ZERO_HASH, type EntryFields } from '../../../src/raft/index.js';

/** What a lying leader says is committed: what a majority has; what the listener itself has; or any index. */
export type ToldCommit = 'majority' | 'acknowledged' | LogIndex;

/** A log that a malicious node sends to some of the others. Two logs of one term are a fork. */
export class SentLog {
  /** Read anew with every message, so it may go back too. */
  commit: ToldCommit = 'majority';
  readonly #entries: Entry[];
  readonly #changed: () => void;

  constructor(entries: readonly Entry[], changed: () => void) {
    this.#entries = [...entries];
    this.#changed = changed;
  }

  /** `entries[i]` is told as the entry at index i + 1, whatever it says of itself. */
  get entries(): readonly Entry[] {
    return this.#entries;
  }

  get length(): LogIndex {
    return this.#entries.length;
  }

  get last(): Entry {
    const last = this.#entries.at(-1);
    if (last === undefined) throw new Error('a sent log begins with the genesis');
    return last;
  }

  /**
   * Goes on with an entry that fits: at the next index, behind the last hash, at the last time and of the last term. What
   * `fields` says is said instead, under a hash that covers it.
   */
  append(fields: Partial<EntryFields> & { readonly payload: Uint8Array }): Entry {
    const { term, timeMs, hash } = this.last;
    const index = this.length + 1;
    return this.add(sealEntry(hash, { index, term, kind: 'command', timeMs, ...fields }));
  }

  /** Goes on with this entry as it is, be it nonsense. */
  add(entry: Entry): Entry {
    this.#entries.push(entry);
    this.#changed();
    return entry;
  }

  /** Forgets what it said from `index` on: to withhold it, or to say something else there. */
  cut(index: LogIndex): void {
    this.#entries.length = Math.min(this.#entries.length, index - 1);
    this.#changed();
  }

  /** Everything from `from` on again, told as entries of `term`: honest nodes take an index twice only in another term. */
  retell(from: LogIndex, term: Term): void {
    const again = this.#entries.slice(from - 1);
    this.#entries.length = from - 1;
    for (const { kind, timeMs, payload } of again) this.append({ kind, timeMs, payload, term });
  }

  termAt(index: LogIndex): Term {
    return this.#entries[index - 1]?.term ?? 0;
  }

  hashAt(index: LogIndex): Uint8Array {
    return this.#entries[index - 1]?.hash ?? ZERO_HASH;
  }

  /** The last index up to `index` of no later term than `term`. */
  lastWithTermAtMost(index: LogIndex, term: Term): LogIndex {
    let at = Math.min(index, this.length);
    while (at > 0 && this.termAt(at) > term) at--;
    return at;
  }
}
