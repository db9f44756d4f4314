import { damagedLog } from '../../common/index.js';
import type { Note } from '../../ports/index.js';
import { forkEvidenceFromBytes, forkEvidenceToBytes } from './codec.js';
import { isProved, pairOf } from './fork-evidence.js';
import type { ForkEvidence, Said } from './fork-evidence.js';

/** Before the pair of nodes in the name of a note. */
const NAME = 'fork/';

/** The evidence that a node has, durably: of two nodes, the first of the latest term. Nothing is ever removed. */
export class ForkBook {
  readonly #kept = new Map<string, ForkEvidence>();
  /** Pairs of which something is kept that no write has taken yet. */
  readonly #unwritten = new Set<string>();

  /**
   * @param loaded - All notes of the store.
   * @throws ClusterError `data-loss` for a note that proves nothing.
   */
  constructor(loaded: ReadonlyMap<string, Uint8Array>, isSigned: (said: Said) => boolean) {
    for (const [name, bytes] of loaded) {
      if (!name.startsWith(NAME)) continue;
      const evidence = forkEvidenceFromBytes(bytes);
      if (evidence === undefined || name !== nameOf(evidence) || !isProved(evidence, isSigned))
        throw damagedLog('A record of two logs that voters have acknowledged proves nothing');
      this.#kept.set(pairOf(evidence), evidence);
    }
  }

  get isEmpty(): boolean {
    return this.#kept.size === 0;
  }

  all(): readonly ForkEvidence[] {
    return [...this.#kept.values()];
  }

  /** Whether nothing of this term, or a later one, is kept of these nodes. */
  lacks(evidence: ForkEvidence): boolean {
    const kept = this.#kept.get(pairOf(evidence));
    return kept === undefined || kept.first.word.term < evidence.first.word.term;
  }

  /** @param evidence - Verified. */
  add(evidence: ForkEvidence): void {
    const pair = pairOf(evidence);
    this.#kept.set(pair, evidence);
    this.#unwritten.add(pair);
  }

  /** Notes for the next write. From then on they count as written. */
  takeNotes(): Note[] {
    const notes = this.all()
      .filter((evidence) => this.#unwritten.has(pairOf(evidence)))
      .map((evidence): Note => [nameOf(evidence), forkEvidenceToBytes(evidence)]);
    this.#unwritten.clear();
    return notes;
  }
}

function nameOf(evidence: ForkEvidence): string {
  return `${NAME}${pairOf(evidence)}`;
}
