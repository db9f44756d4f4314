import type { Millis, NodeId } from '../common/index.js';
import type { Clock, Logger } from '../ports/index.js';

/** Between two log lines about one peer. */
const LOG_EVERY_MS: Millis = 10_000;

type Dropped = { total: number; unlogged: number; loggedMs: Millis };

/**
 * Drops what peers send above the cluster's feature level, counts it, and logs the counts at a pace. A node of a later
 * build must not send such a thing before the level is raised; if it does, that is no reason to end its stream.
 */
export class LevelGuard {
  readonly #agreed: () => number;
  readonly #clock: Pick<Clock, 'elapsed'>;
  readonly #logger: Pick<Logger, 'warn'>;
  readonly #dropped = new Map<NodeId, Dropped>();

  /** @param agreed - The cluster's level, as applied here. */
  constructor(agreed: () => number, clock: Pick<Clock, 'elapsed'>, logger: Pick<Logger, 'warn'>) {
    this.#agreed = agreed;
    this.#clock = clock;
    this.#logger = logger;
  }

  /**
   * Claims that a message or hello of `peer` may be read.
   *
   * @param level - The level that it names. A message without one is for its decoder to refuse.
   */
  admits(peer: NodeId, level: number | undefined): boolean {
    const agreed = this.#agreed();
    if (level === undefined || level <= agreed) return true;
    this.#count(peer, level, agreed);
    return false;
  }

  #count(peer: NodeId, level: number, agreed: number): void {
    const nowMs = this.#clock.elapsed();
    const dropped = this.#dropped.get(peer) ?? { total: 0, unlogged: 0, loggedMs: -Infinity };
    this.#dropped.set(peer, dropped);
    dropped.total += 1;
    dropped.unlogged += 1;
    if (nowMs - dropped.loggedMs < LOG_EVERY_MS) return;
    this.#logger.warn('Dropped messages above the level of the cluster', {
      peer,
      level,
      cluster_level: agreed,
      count: dropped.unlogged,
      total: dropped.total,
    });
    dropped.unlogged = 0;
    dropped.loggedMs = nowMs;
  }
}
