import type { NodeId } from '../../../src/common/index.js';
import type { Status } from '../process.js';
import { short, type Facts, type Report } from './facts.js';

/**
 * What an honest node keeps to whoever leads: it takes back nothing that it has applied or knows to be committed, over
 * restarts too, and nodes that have applied the same log have come to the same state. (That all have the same log is
 * not in its hands: a malicious leader can tell two.)
 */
export class OwnHistory {
  readonly #facts: Facts;
  readonly #report: Report;
  readonly #commit = new Map<NodeId, number>();
  /** Of each node in its present life: what it has applied was on its disk then. */
  readonly #kept = new Map<NodeId, number>();
  /** Of each node: the hashes of what it has applied, durably. */
  readonly #applied = new Map<NodeId, string[]>();
  /** By the hash of the last entry applied. */
  readonly #states = new Map<string, bigint>();

  constructor(facts: Facts, report: Report) {
    this.#facts = facts;
    this.#report = report;
  }

  restarted(node: NodeId): void {
    const { applied } = this.#facts.disk(node);
    this.#commit.set(node, applied);
    this.#kept.set(node, applied);
  }

  status(node: NodeId, { commit, applied }: Status): void {
    const before = this.#commit.get(node) ?? 0;
    if (commit < before) {
      this.#report('OwnHistory', `${node}: commit index ${before} goes back to ${commit}`);
    }
    if (applied > commit) {
      this.#report('OwnHistory', `${node}: applied ${applied} before commit ${commit}`);
    }
    this.#commit.set(node, commit);
    this.#kept.set(node, applied);
  }

  persisted(node: NodeId, truncateFrom: number | undefined): void {
    const { applied, entries, stateHash } = this.#facts.disk(node);
    const known = this.#applied.get(node) ?? [];
    this.#applied.set(node, known);
    if (truncateFrom !== undefined && truncateFrom <= (this.#kept.get(node) ?? 0)) {
      this.#report('OwnHistory', `${node} truncates from ${truncateFrom}, which is applied`);
    }
    if (applied < known.length) {
      this.#report('OwnHistory', `${node}: applied ${known.length} goes back to ${applied}`);
    }
    if (applied > entries.length) {
      this.#report('OwnHistory', `${node}: applied ${applied}, but its log ends before`);
      return;
    }
    if (truncateFrom !== undefined) {
      for (const [at, hash] of known.slice(truncateFrom - 1).entries()) {
        const entry = entries[truncateFrom - 1 + at];
        if (entry === undefined || short(entry.hash) !== hash) {
          this.#report('OwnHistory', `${node}: entry ${truncateFrom + at} was applied and is gone`);
        }
      }
    }
    while (known.length < applied) {
      const entry = entries[known.length];
      known.push(entry === undefined ? '' : short(entry.hash));
    }
    const last = known.at(-1) ?? '';
    const state = this.#states.get(last);
    if (state === undefined) this.#states.set(last, stateHash);
    else if (state !== stateHash) {
      this.#report('OwnHistory', `${node}: another state after the same log up to ${applied}`);
    }
  }
}
