import type { NodeId } from '../../../src/common/index.js';
import { short, type Facts, type Report } from './facts.js';

/** Raft, figure 3, State Machine Safety: the same entry is applied at an index everywhere, and the state after it is the same. */
export class AppliedState {
  readonly #entries = new Map<number, string>();
  readonly #states = new Map<number, bigint>();
  readonly #applied = new Map<NodeId, number>();
  readonly #facts: Facts;
  readonly #report: Report;

  constructor(facts: Facts, report: Report) {
    this.#facts = facts;
    this.#report = report;
  }

  persisted(node: NodeId): void {
    const { applied, entries, stateHash } = this.#facts.disk(node);
    const before = this.#applied.get(node) ?? 0;
    if (applied < before) {
      this.#report('AppliedState', `${node}: applied ${before} goes back to ${applied}`);
    }
    if (applied > entries.length) {
      this.#report('AppliedState', `${node}: applied ${applied}, but its log ends before`);
    }
    for (let index = before + 1; index <= applied; index++) {
      const entry = entries[index - 1];
      if (entry !== undefined) this.#same(this.#entries, index, short(entry.hash), node, 'entry');
    }
    this.#applied.set(node, applied);
    this.#same(this.#states, applied, stateHash, node, 'state');
  }

  #same<T>(known: Map<number, T>, index: number, value: T, node: NodeId, what: string): void {
    const first = known.get(index);
    if (first === undefined) known.set(index, value);
    else if (first !== value) {
      this.#report('AppliedState', `${node}: another ${what} after applying ${index}`);
    }
  }
}
