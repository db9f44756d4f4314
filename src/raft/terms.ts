import { assert } from '../common/index.js';
import type { LogIndex, Term } from '../common/index.js';

/** So many changes of the term are remembered: more than half an hour in which a leader is elected twice a second. */
export const TERM_CHANGES_MAX = 4096;

type Run = { readonly from: LogIndex; readonly term: Term };

/** The terms of a log's entries, as runs of one term each: what is known of entries that are not in memory. */
export class Terms {
  /** By index and term, both rising. */
  readonly #runs: Run[];

  /** Begins with the term of the entry at `from`. */
  constructor(from: LogIndex, term: Term) {
    this.#runs = [{ from, term }];
  }

  /** The first index whose term is known. */
  get first(): LogIndex {
    return this.#runs[0]?.from ?? 0;
  }

  /** The term at `index`, which the caller knows to be no later than the log's end; `undefined` before {@link first}. */
  at(index: LogIndex): Term | undefined {
    return this.#runs[this.#lastRun((run) => run.from <= index)]?.term;
  }

  /**
   * The last index up to `index` whose term is at most `term`. Where that is before all that is known, `index` itself: the
   * caller goes on one by one.
   */
  lastAtMost(index: LogIndex, term: Term): LogIndex {
    const at = this.#lastRun((run) => run.term <= term);
    if (at < 0) return index;
    const next = this.#runs[at + 1];
    return Math.min(index, next === undefined ? index : next.from - 1);
  }

  append(index: LogIndex, term: Term): void {
    const last = this.#runs.at(-1);
    assert(last !== undefined && last.term <= term, 'terms never fall along a log');
    if (last.term === term) return;
    this.#runs.push({ from: index, term });
    if (this.#runs.length > TERM_CHANGES_MAX) this.#runs.shift();
  }

  /** Forgets the terms of `from` and all after it. */
  truncate(from: LogIndex): void {
    while (this.#runs.length > 1 && (this.#runs.at(-1)?.from ?? 0) >= from) this.#runs.pop();
  }

  /** Forgets what is before `index`. */
  forgetBefore(index: LogIndex): void {
    const at = this.#lastRun((run) => run.from <= index);
    const run = this.#runs[at];
    if (run !== undefined) this.#runs.splice(0, at + 1, { from: index, term: run.term });
  }

  /** Position of the last run that `claim` holds for, which it does for a first part of them; -1 if for none. */
  #lastRun(claim: (run: Run) => boolean): number {
    let [low, high] = [0, this.#runs.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      const run = this.#runs[middle];
      if (run !== undefined && claim(run)) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }
}
