import type { NodeId } from '../../../src/common/index.js';
import type { Disk } from '../disk.js';
import type { Status } from '../process.js';
import { short, type Facts, type Report } from './facts.js';

const GENESIS_INDEX = 1;

/**
 * CommittedDurableOnQuorum: what anybody knows to be committed is durable on a majority, from that moment on; no node
 * applies anything else, or removes from its disk what it has applied. Beside it Leader Completeness and Leader Append-Only
 * (Raft, figure 3): the leader of a higher term has all of it, and no leader removes anything.
 */
export class Committed {
  /** By index - 1: the entry's hash, and the term in which it was first known to be committed. */
  readonly #ledger: { readonly hash: string; readonly term: number }[] = [];
  /** Of each node in its present life; what is applied is durable there (`docs/threats.md`). */
  readonly #known = new Map<NodeId, { commit: number; applied: number; compared: number }>();
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
    const { applied } = this.#facts.disk(node);
    this.#known.set(node, { commit: applied, applied, compared: 0 });
  }

  status(node: NodeId, { commit, applied, term }: Status): void {
    const known = this.#known.get(node) ?? { commit: 0, applied: 0, compared: 0 };
    this.#known.set(node, known);
    if (commit < known.commit) {
      this.#report('Committed', `${node}: commit index ${known.commit} goes back to ${commit}`);
    }
    if (applied > commit) {
      this.#report('Committed', `${node}: applied ${applied} before commit ${commit}`);
    }
    // The genesis is everybody's by configuration, not by agreement.
    if (commit > Math.max(this.index, GENESIS_INDEX)) this.#extend(node, commit, term);
    if (commit === known.commit && applied === known.applied) return;
    known.commit = commit;
    known.applied = applied;
    this.#compare(node);
  }

  /** `node`'s disk has changed. What it said that it applied was on its disk then, and must stay. */
  persisted(node: NodeId, truncateFrom: number | undefined): void {
    if (truncateFrom === undefined) return;
    const leading = this.#facts.status(node);
    if (leading?.leader === node) {
      const what = `leads term ${leading.term}, and truncates its log from ${truncateFrom}`;
      this.#report('LeaderAppendOnly', `${node} ${what}`);
    }
    const known = this.#known.get(node);
    const kept = Math.max(known?.applied ?? 0, this.#facts.disk(node).applied);
    if (truncateFrom <= kept) {
      this.#report('Committed', `${node} truncates from ${truncateFrom}, but ${kept} is applied`);
    }
    if (known !== undefined) known.compared = Math.min(known.compared, truncateFrom - 1);
    for (let index = truncateFrom; index <= this.index; index++) this.#onQuorum(index);
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

  /** Compares what `node` has applied with what is committed. */
  #compare(node: NodeId): void {
    const known = this.#known.get(node);
    if (known === undefined) return;
    const { entries } = this.#facts.disk(node);
    const end = Math.min(known.applied, this.index);
    for (; known.compared < end; known.compared++) {
      const entry = entries[known.compared];
      if (entry === undefined || short(entry.hash) !== this.#ledger[known.compared]?.hash) {
        const what = `entry ${known.compared + 1} is applied, but is not the committed one on disk`;
        this.#report('StateMachineSafety', `${node}: ${what}`);
      }
    }
  }
}
