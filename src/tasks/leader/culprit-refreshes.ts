import type { Millis, NodeId } from '../../common/index.js';
import { encodeCommand, refreshFor } from '../../state/index.js';
import type { ActiveKey, Queries, View } from '../../state/index.js';
import type { Culprits } from '../blame/culprits.js';
import type { TaskContext } from '../context.js';
import type { Leadership } from '../leadership.js';
import { CULPRIT_REFRESHES_MAX, EVIDENCE_KEPT_MS, UPKEEP_REPEAT_MS } from '../limits.js';
import type { LiveTask } from '../live-tasks.js';
import type { Work } from '../work.js';

export type CulpritRefreshesParts = {
  readonly view: View;
  readonly queries: Pick<Queries, 'key'>;
  readonly leadership: Leadership;
  readonly culprits: Pick<Culprits, 'proofOf'>;
};

type Due = {
  readonly keyId: string;
  readonly node: NodeId;
  /** Of the key, when the node was proved to have lied. A later one was made with that known. */
  readonly version: number;
  readonly sinceMs: Millis;
  proposedMs: Millis | undefined;
};

/**
 * Keys that are to be shared anew because a participant is proved to have lied with them, at the leader. It proposes that with the proof;
 * each participant judges it for itself.
 */
export class CulpritRefreshes implements Work {
  readonly #context: Pick<TaskContext, 'clock' | 'consensus'>;
  readonly #parts: CulpritRefreshesParts;
  readonly #due = new Map<string, Due>();

  constructor(context: Pick<TaskContext, 'clock' | 'consensus'>, parts: CulpritRefreshesParts) {
    this.#context = context;
    this.#parts = parts;
  }

  /** A node is proved to have lied in a task. Every voter notes it: the next leader may be any of them. */
  proved({ key }: Pick<LiveTask, 'key'>, node: NodeId): void {
    if (key === undefined) return;
    const name = `${key.keyId}/${node}`;
    if (this.#due.has(name) || this.#due.size >= CULPRIT_REFRESHES_MAX) return;
    const { keyId, version } = key;
    const sinceMs = this.#context.clock.elapsed();
    this.#due.set(name, { keyId, node, version, sinceMs, proposedMs: undefined });
  }

  leadChanged(): void {
    for (const due of this.#due.values()) due.proposedMs = undefined;
  }

  sweep(): void {
    const { clock, consensus } = this.#context;
    const { leadership, queries } = this.#parts;
    const now = clock.elapsed();
    const timeMs = consensus.nextTimeMs();
    for (const [name, due] of this.#due) {
      const key = queries.key(due.keyId);
      const isOver = key?.version !== due.version || now - due.sinceMs >= EVIDENCE_KEPT_MS;
      if (isOver) this.#due.delete(name);
      else if (leadership.held && timeMs !== undefined) this.#propose(key, due, timeMs);
    }
  }

  #propose(key: ActiveKey, due: Due, timeMs: Millis): void {
    const { clock, consensus } = this.#context;
    const { culprits, view } = this.#parts;
    const now = clock.elapsed();
    if (due.proposedMs !== undefined && now - due.proposedMs < UPKEEP_REPEAT_MS) return;
    const evidence = culprits.proofOf(due.node);
    if (evidence === undefined) return;
    const value = refreshFor(view, key, { nodeId: due.node, evidence }, timeMs);
    if (value === undefined) return;
    const proposed = consensus.propose(encodeCommand({ $case: 'upkeep', value }));
    if (proposed === 'proposed') due.proposedMs = now;
  }
}
