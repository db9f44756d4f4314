import { equal } from '../../common/index.js';
import type { LogIndex, Term } from '../../common/index.js';
import type { Acknowledged } from '../acknowledgements.js';
import { ACKED_TERMS_MAX } from './limits.js';

/** A log, as far as hashes of it are at hand. */
export type Hashes = {
  readonly last: LogIndex;
  /** `undefined` for an entry that is not in memory. */
  hashAt(index: LogIndex): Uint8Array | undefined;
};

/** How far this node has acknowledged its log, in each of the last terms in which it has. */
export class OwnAcknowledgements {
  /** The latest term first. */
  #terms: readonly Acknowledged[] = [];

  /**
   * This node has acknowledged so much in its term.
   *
   * @returns The index behind which that is more than before.
   */
  note(acked: Acknowledged): LogIndex {
    const [latest] = this.#terms;
    if (latest?.term === acked.term) {
      if (latest.index !== acked.index) this.#terms = [acked, ...this.#terms.slice(1)];
      return latest.index;
    }
    this.#terms = [acked, ...this.#terms].slice(0, ACKED_TERMS_MAX);
    return 0;
  }

  /**
   * The hash at `index` for which this node stands, since it has acknowledged all up to there in `term`; `undefined` where it
   * has not, or cannot say it again. What was acknowledged and has been replaced since is not said again: it was in a later
   * term, where that is lawful.
   */
  hashAt(log: Hashes, term: Term, index: LogIndex): Uint8Array | undefined {
    const acked = this.#terms.find((each) => each.term === term);
    if (acked === undefined || index > acked.index || acked.index > log.last) return undefined;
    const now = log.hashAt(acked.index);
    // An entry that is not in memory any more is committed, and stays.
    if (now !== undefined && !equal(now, acked.hash)) return undefined;
    return index === acked.index ? acked.hash : log.hashAt(index);
  }
}
