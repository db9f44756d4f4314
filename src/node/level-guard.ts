import type { Alarms } from '../alarms/index.js';
import type { Millis, NodeId } from '../common/index.js';
import type { Clock } from '../ports/index.js';

/** How long a peer may be ahead of this node in what it has applied: that long, its messages are dropped without a word. */
export const LEVEL_BEHIND_MS: Millis = 10_000;

type Dropped = {
  total: number;
  /** Since when messages above this level of the cluster have come. */
  sinceMs: Millis;
  agreed: number;
};

/**
 * Drops what peers send above the cluster's feature level, and counts it. After a raise the nodes apply it one after the
 * other, and whoever has applied it speaks by it; the rest is lost here until this node has, too. A node of a later build
 * must not send such a thing before the level is raised: if it goes on, that is a line of the log, and no reason to end its
 * stream.
 */
export class LevelGuard {
  readonly #agreed: () => number;
  readonly #clock: Pick<Clock, 'elapsed'>;
  readonly #alarms: Alarms;
  readonly #dropped = new Map<NodeId, Dropped>();

  /** @param agreed - The cluster's level, as applied here. */
  constructor(agreed: () => number, clock: Pick<Clock, 'elapsed'>, alarms: Alarms) {
    this.#agreed = agreed;
    this.#clock = clock;
    this.#alarms = alarms;
  }

  /**
   * Claims that a message or hello of `peer` may be read.
   *
   * @param level - The level that it names. A message without one is for its decoder to refuse.
   */
  admits(peer: NodeId, level: number | undefined): boolean {
    const agreed = this.#agreed();
    if (level === undefined || level <= agreed) return true;
    const nowMs = this.#clock.elapsed();
    const before = this.#dropped.get(peer);
    const sinceMs = before?.agreed === agreed ? before.sinceMs : nowMs;
    const total = (before?.total ?? 0) + 1;
    this.#dropped.set(peer, { total, sinceMs, agreed });
    if (nowMs - sinceMs < LEVEL_BEHIND_MS) return false;
    const facts = { level, cluster_level: agreed, total };
    this.#alarms.raise('Dropped messages above the level of the cluster', peer, facts);
    return false;
  }
}
