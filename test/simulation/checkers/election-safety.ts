import type { NodeId } from '../../../src/common/index.js';
import type { Report } from './facts.js';

/** Raft, figure 3, Election Safety: at most one leader in a term. */
export class ElectionSafety {
  readonly #leaders = new Map<number, NodeId>();
  readonly #said = new Set<number>();
  readonly #report: Report;
  #newest: { readonly term: number; readonly node: NodeId } | undefined;

  constructor(report: Report) {
    this.#report = report;
  }

  /** `node` shows by what it sends that it leads `term`. */
  shown(node: NodeId, term: number): void {
    const known = this.#leaders.get(term);
    if (known === undefined) this.#leaders.set(term, node);
    else if (known !== node) {
      this.#report('ElectionSafety', `${known} and ${node} both lead term ${term}`);
    }
  }

  /** `node` says that it leads `term`. Gives whether it says so for the first time. */
  says(node: NodeId, term: number): boolean {
    this.shown(node, term);
    if (this.#said.has(term)) return false;
    this.#said.add(term);
    if (term > (this.#newest?.term ?? 0)) this.#newest = { term, node };
    return true;
  }

  newest(): NodeId | undefined {
    return this.#newest?.node;
  }
}
