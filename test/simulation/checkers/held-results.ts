import type { NodeId } from '../../../src/common/index.js';
import type { LogFields } from '../../../src/ports/index.js';
import type { Report } from './facts.js';

/** Lines of a node's log that this checker reads: nothing else tells what a node holds. */
const HOLDS = 'holds a result';
const GIVES_UP = 'gives a task up';
export const REMARKS: ReadonlySet<string> = new Set([HOLDS, GIVES_UP]);

/** No leader proposes `failed` while it holds a result that verifies. */
export class HeldResults {
  readonly #report: Report;
  /** Tasks, by node and since its start. */
  readonly #held = new Map<NodeId, Set<unknown>>();

  constructor(report: Report) {
    this.#report = report;
  }

  restarted(node: NodeId): void {
    this.#held.delete(node);
  }

  /** `node` has written a line to its log. */
  remarked(node: NodeId, remark: string, { task }: LogFields): void {
    const held = this.#held.get(node) ?? new Set();
    this.#held.set(node, held);
    if (remark === HOLDS) held.add(task);
    if (remark === GIVES_UP && held.has(task)) {
      this.#report('HeldResults', `${node} gives ${String(task)} up and holds its result`);
    }
  }
}
