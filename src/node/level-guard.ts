import type { Alarms } from '../alarms/index.js';
import type { NodeId } from '../common/index.js';

/**
 * Drops what peers send above the cluster's feature level, counts it, and logs the counts at a pace. A node of a later
 * build must not send such a thing before the level is raised; if it does, that is no reason to end its stream.
 */
export class LevelGuard {
  readonly #agreed: () => number;
  readonly #alarms: Alarms;
  readonly #dropped = new Map<NodeId, number>();

  /** @param agreed - The cluster's level, as applied here. */
  constructor(agreed: () => number, alarms: Alarms) {
    this.#agreed = agreed;
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
    const total = (this.#dropped.get(peer) ?? 0) + 1;
    this.#dropped.set(peer, total);
    const facts = { level, cluster_level: agreed, total };
    this.#alarms.raise('Dropped messages above the level of the cluster', peer, facts);
    return false;
  }
}
