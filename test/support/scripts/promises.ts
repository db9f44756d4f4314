import { equal } from '../../../src/common/index.js';
import type { Entry } from '../../../src/ports/index.js';
import type { Deed, Node } from '../clusters/raft-cluster.js';
import { numberOf } from './words.js';

/**
 * What holds in every script, whatever its trace says: one leader for each term, one vote of a node in a term, terms and
 * commit indices that never go back, one history that all apply, and nothing known to be committed that a majority of disks
 * lacks. In a script with a liar, only what each honest node promises by itself.
 */
export class Promises {
  readonly #honest: readonly Node[];
  readonly #hasLiar: boolean;
  readonly #nodes: readonly Node[];
  readonly #leaders = new Map<number, Node>();
  readonly #votes = new Map<string, string>();
  readonly #terms = new Map<Node, number>();
  readonly #commits = new Map<Node, number>();
  readonly #history = new Map<number, Entry>();
  readonly #applied = new Map<Node, number>();
  readonly #broken: string[] = [];

  /** @param liars - The numbers of nodes that do not keep to the protocol, or in whose name messages are made up. */
  constructor(nodes: readonly Node[], liars: readonly string[]) {
    this.#nodes = nodes;
    this.#honest = nodes.filter(({ id }) => !liars.includes(numberOf(id)));
    this.#hasLiar = liars.length > 0;
    for (const node of nodes) this.#applied.set(node, node.raft.applied);
  }

  see(node: Node, deed: Deed): void {
    if (!this.#honest.includes(node)) return;
    const name = numberOf(node.id);
    if (deed.type === 'apply') this.#see(node, deed.entries);
    else if (deed.type === 'send' && deed.message.type === 'append') {
      const { prevIndex, prevTerm } = deed.message;
      if (prevIndex > 0 && prevTerm === 0) this.#break(`${name} sends entries behind no term`);
    } else if (deed.type === 'send' && deed.message.type === 'vote-reply') {
      const { pre, granted, term, to } = deed.message;
      if (!pre && granted) this.#vote(name, term, numberOf(to));
    }
  }

  /** The node is about to begin anew: what it knew, and what it applied and did not write, is gone. */
  forget(node: Node): void {
    this.#commits.delete(node);
    this.#terms.set(node, node.disk.hardState.term);
    this.#applied.set(node, node.disk.applied);
  }

  /** @throws Error that names each promise that was broken. */
  check(): void {
    for (const node of this.#honest) if (node.up) this.#look(node);
    if (this.#broken.length > 0) throw new Error(this.#broken.join('; '));
  }

  #look(node: Node): void {
    const name = numberOf(node.id);
    const { role, term, commit } = node.raft;
    if (term < (this.#terms.get(node) ?? 0)) this.#break(`the term of ${name} went back`);
    this.#terms.set(node, term);
    if (commit < (this.#commits.get(node) ?? 0)) this.#break(`the commit index of ${name} fell`);
    this.#commits.set(node, commit);
    const leader = this.#leaders.get(term);
    if (role === 'leader') {
      if (leader !== undefined && leader !== node) this.#break(`two nodes led in term ${term}`);
      this.#leaders.set(term, node);
    }
    if (!this.#hasLiar) this.#requireDurable(node, commit);
  }

  #requireDurable(node: Node, commit: number): void {
    const entry = node.raft.entry(commit);
    if (entry === undefined || commit <= 1) return;
    const { length } = this.#nodes.filter(({ disk }) => {
      const theirs = disk.entries[commit - 1];
      return theirs !== undefined && equal(theirs.hash, entry.hash);
    });
    if (2 * length <= this.#nodes.length) {
      this.#break(`${numberOf(node.id)} takes ${commit} for committed, which ${length} disks have`);
    }
  }

  #see(node: Node, entries: readonly Entry[]): void {
    const name = numberOf(node.id);
    for (const entry of entries) {
      const last = this.#applied.get(node) ?? 0;
      if (entry.index !== last + 1) this.#break(`${name} applies ${entry.index} behind ${last}`);
      this.#applied.set(node, entry.index);
      const known = this.#history.get(entry.index);
      if (known === undefined) this.#history.set(entry.index, entry);
      else if (!equal(known.hash, entry.hash))
        this.#break(`${name} applies another ${entry.index}`);
    }
  }

  #vote(name: string, term: number, to: string): void {
    const key = `${name} in ${term}`;
    const before = this.#votes.get(key);
    if (before !== undefined && before !== to) this.#break(`${name} voted twice in term ${term}`);
    this.#votes.set(key, to);
  }

  #break(what: string): void {
    this.#broken.push(what);
  }
}
