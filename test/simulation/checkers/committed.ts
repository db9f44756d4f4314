import type { NodeId } from '../../../src/common/index.js';
import type { Disk } from '../disk.js';
import type { Status } from '../process.js';
import { short, type Facts, type Report } from './facts.js';

/**
 * CommittedDurableOnQuorum: what anybody knows to be committed is durable on a majority, from that moment on; no node
 * holds anything else at or below its own commit index, nor removes anything there. Beside it Leader Completeness
 * (Raft, figure 3): the leader of a higher term has all of it.
 */
export class Committed {
  /** By index - 1: the entry's hash, and the term in which it was first known to be committed. */
  readonly #ledger: { readonly hash: string; readonly term: number }[] = [];
  /** Commit index of each node in its present life, and up to where its disk has been compared. */
  readonly #known = new Map<NodeId, { commit: number; compared: number }>();
  readonly #facts: Facts;
  readonly #report: Report;

  constructor(facts: Facts, report: Report) {
    this.#facts = facts;
    this.#report = report;
  }

  /** The highest index that anybody knows to be committed. */
  get index(): number {
    return this.#ledger.length;
  }

  /** The hash of the committed entry at `index`. */
  hashAt(index: number): string | undefined {
    return this.#ledger[index - 1]?.hash;
  }

  restarted(node: NodeId): void {
    this.#known.set(node, { commit: this.#facts.disk(node).applied, compared: 0 });
  }

  status(node: NodeId, { commit, applied, term }: Status): void {
    const known = this.#known.get(node) ?? { commit: 0, compared: 0 };
    this.#known.set(node, known);
    if (commit < known.commit) {
      this.#report('Committed', `${node}: commit index ${known.commit} goes back to ${commit}`);
    }
    if (applied > commit) {
      this.#report('Committed', `${node}: applied ${applied} before commit ${commit}`);
    }
    if (commit === known.commit) return;
    known.commit = commit;
    if (commit > this.index) this.#extend(node, commit, term);
    this.#compare(node);
  }

  persisted(node: NodeId, truncateFrom: number | undefined): void {
    const known = this.#known.get(node);
    if (truncateFrom !== undefined) {
      const kept = Math.max(known?.commit ?? 0, this.#facts.disk(node).applied);
      if (truncateFrom <= kept) {
        this.#report(
          'Committed',
          `${node} truncates from ${truncateFrom}, but ${kept} is committed`,
        );
      }
      if (known !== undefined) known.compared = Math.min(known.compared, truncateFrom - 1);
      for (let index = truncateFrom; index <= this.index; index++) this.#onQuorum(index);
    }
    this.#compare(node);
  }

  /** `node` leads `term` from now on. */
  elected(node: NodeId, term: number): void {
    const { entries } = this.#facts.disk(node);
    const last = this.#ledger.findLastIndex((each) => each.term < term);
    const wanted = this.#ledger[last];
    const has = entries[last];
    if (wanted !== undefined && (has === undefined || short(has.hash) !== wanted.hash)) {
      const what = `entry ${last + 1}, committed in term ${wanted.term}`;
      this.#report('LeaderCompleteness', `${node} leads term ${term} without ${what}`);
    }
  }

  #extend(node: NodeId, commit: number, term: number): void {
    const witness = this.#witness(commit);
    if (witness === undefined) {
      const where = this.#facts.nodes.map((id) => `${id} ${this.#facts.disk(id).entries.length}`);
      const logs = `logs on disk end at ${where.join(', ')}`;
      this.#report('CommittedDurableOnQuorum', `${node} says ${commit} is committed, but ${logs}`);
      return;
    }
    for (const entry of witness.entries.slice(this.index, commit)) {
      this.#ledger.push({ hash: short(entry.hash), term });
    }
  }

  /** A disk of the majority that agrees on the entry at `index`. */
  #witness(index: number): Disk | undefined {
    const disks = this.#facts.nodes.map((node) => this.#facts.disk(node));
    const hashOf = (disk: Disk): string | undefined => {
      const entry = disk.entries[index - 1];
      return entry && short(entry.hash);
    };
    return disks.find((disk) => {
      const hash = hashOf(disk);
      const same = disks.filter((other) => hashOf(other) === hash).length;
      return hash !== undefined && same > disks.length / 2;
    });
  }

  #onQuorum(index: number): void {
    const entry = this.#witness(index)?.entries[index - 1];
    if (entry === undefined || short(entry.hash) !== this.hashAt(index)) {
      this.#report('CommittedDurableOnQuorum', `entry ${index} is no longer on a majority`);
    }
  }

  /** Compares what `node` has on disk with what is committed, as far as it knows that it is. */
  #compare(node: NodeId): void {
    const known = this.#known.get(node);
    if (known === undefined) return;
    const { entries } = this.#facts.disk(node);
    const end = Math.min(known.commit, entries.length, this.index);
    for (; known.compared < end; known.compared++) {
      const entry = entries[known.compared];
      if (entry !== undefined && short(entry.hash) !== this.#ledger[known.compared]?.hash) {
        const what = `entry ${known.compared + 1} differs from the committed one`;
        this.#report('StateMachineSafety', `${node}: ${what}`);
      }
    }
  }
}
