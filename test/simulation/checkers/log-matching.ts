import { createHash } from 'node:crypto';

import { u64be, type NodeId } from '../../../src/common/index.js';
import type { Entry, EntryKind } from '../../../src/ports/index.js';
import { short, type Facts, type Report } from './facts.js';

const KINDS: readonly EntryKind[] = ['genesis', 'no-op', 'command', 'member'];

/** The hash that `docs/wire.md` gives an entry, computed here and not by the code under test. */
export function chainHash(previous: Uint8Array, entry: Omit<Entry, 'hash'>): Uint8Array {
  const hash = createHash('sha256').update(previous).update(u64be(entry.index));
  hash.update(u64be(entry.term)).update(Uint8Array.of(KINDS.indexOf(entry.kind)));
  return Uint8Array.from(hash.update(u64be(entry.timeMs)).update(entry.payload).digest());
}

/**
 * Raft, figure 3, Log Matching: entries with the same index and term are the same, and so is all before them. With an
 * unbroken chain of hashes the second half follows from the first.
 */
export class LogMatching {
  readonly #hashes = new Map<string, string>();
  readonly #facts: Facts;
  readonly #report: Report;
  readonly #forks: boolean;

  /** With `forks`, a leader may tell two logs: only each node's own chain is looked at. */
  constructor(facts: Facts, report: Report, { forks } = { forks: false }) {
    this.#facts = facts;
    this.#report = report;
    this.#forks = forks;
  }

  /** Entries that `node`'s disk holds now. */
  persisted(node: NodeId, entries: readonly Entry[]): void {
    const log = this.#facts.disk(node).entries;
    for (const entry of entries) {
      this.seen(node, entry.index, entry.term, entry.hash);
      const before = log[entry.index - 2];
      if (log[entry.index - 1] !== entry) {
        this.#report('LogMatching', `${node}: entry ${entry.index} is not at its place`);
      } else if (
        short(chainHash(before?.hash ?? new Uint8Array(32), entry)) !== short(entry.hash)
      ) {
        this.#report('LogMatching', `${node}: the chain breaks at entry ${entry.index}`);
      }
      if (before !== undefined && (before.term > entry.term || before.timeMs > entry.timeMs)) {
        this.#report('LogMatching', `${node}: term or time goes back at entry ${entry.index}`);
      }
    }
  }

  /** An entry on a disk or in a message. */
  seen(where: NodeId, index: number, term: number, hash: Uint8Array): void {
    if (this.#forks) return;
    const key = `${index}/${term}`;
    const known = this.#hashes.get(key);
    if (known === undefined) this.#hashes.set(key, short(hash));
    else if (known !== short(hash)) {
      this.#report('LogMatching', `${where}: another entry ${index} of term ${term}`);
    }
  }
}
