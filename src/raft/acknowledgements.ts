import { equal } from '../common/index.js';
import type { LogIndex, NodeId, Term } from '../common/index.js';
import type { Log } from './log.js';

/** A voter's word: its log equals that of the leader of `term` up to `index`, durably; `hash` is the chain's there. */
export type Acknowledged = {
  readonly term: Term;
  readonly index: LogIndex;
  readonly hash: Uint8Array;
};

type Kept = {
  /** The newest of the term in which it came whose hash is that of the own log. */
  compared: Acknowledged | undefined;
  /** The newest of a later term, or beyond the end of the own log. */
  waiting: Acknowledged | undefined;
};

/** The newest acknowledgements of the other voters: two of each, however many it sends. */
export class Acknowledgements {
  readonly #kept = new Map<NodeId, Kept>();

  /** Takes an acknowledgement of `term`, this node's, or a later one. */
  record(voter: NodeId, { term: of, index, hash }: Acknowledged, term: Term, log: Log): void {
    const kept = this.#kept.get(voter) ?? { compared: undefined, waiting: undefined };
    this.#kept.set(voter, kept);
    // A copy: the hash is a view of all that came with it.
    const said = { term: of, index, hash: hash.slice() };
    if (mustWait(said, term, log)) {
      if (isNewer(said, kept.waiting)) kept.waiting = said;
    } else {
      compare(kept, said, term, log);
    }
  }

  /** How far `voter` has acknowledged this log in `term`; 0 if it did not. */
  reached(voter: NodeId, term: Term, log: Log): LogIndex {
    const kept = this.#kept.get(voter);
    if (kept === undefined) return 0;
    const { waiting } = kept;
    if (waiting !== undefined && !mustWait(waiting, term, log)) {
      kept.waiting = undefined;
      compare(kept, waiting, term, log);
    }
    const { compared } = kept;
    return compared !== undefined && counts(compared, term, log) ? compared.index : 0;
  }
}

function mustWait(said: Acknowledged, term: Term, log: Log): boolean {
  return said.term > term || (said.term === term && said.index > log.last.index);
}

function compare(kept: Kept, said: Acknowledged, term: Term, log: Log): void {
  if (!counts(said, term, log)) return;
  const before = kept.compared;
  if (before === undefined || !counts(before, term, log) || isNewer(said, before)) {
    kept.compared = said;
  }
}

/** Whether it was said in `term`, of this log. An acknowledgement of an earlier term spoke of what may be gone since. */
function counts(said: Acknowledged, term: Term, log: Log): boolean {
  const ours = log.hashAt(said.index);
  return said.term === term && ours !== undefined && equal(ours, said.hash);
}

/** By term, then index. */
export function isNewer(said: Acknowledged, than: Acknowledged | undefined): boolean {
  if (than === undefined || said.term > than.term) return true;
  return said.term === than.term && said.index > than.index;
}
