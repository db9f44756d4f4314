import type { Term } from '../common/index.js';
import type { Consensus } from './context.js';

/**
 * Whether this node leads, and in which term: a leader does nothing for the state before an entry of its own term is applied
 * here, so until then it does not count as one.
 */
export class Leadership {
  readonly #consensus: Pick<Consensus, 'status'>;
  #seen: Term | undefined;

  constructor(consensus: Pick<Consensus, 'status'>) {
    this.#consensus = consensus;
  }

  /** The term in which this node leads now. */
  get term(): Term | undefined {
    const { role, term, caughtUp } = this.#consensus.status();
    return role === 'leader' && caughtUp ? term : undefined;
  }

  get held(): boolean {
    return this.term !== undefined;
  }

  /** Whether {@link term} is another one than at the last call. */
  changed(): boolean {
    const { term } = this;
    if (term === this.#seen) return false;
    this.#seen = term;
    return true;
  }
}
