import type { Millis, NodeId } from '../../../common/index.js';
import { LatestTimes } from '../../leader/latest-times.js';
import { PEERS_MAX, SIGN_HEDGE_MS, SIGN_HEDGE_MS_MAX, SIGN_HEDGE_MS_MIN } from '../../limits.js';

type LatestShare = {
  readonly cameMs: Millis;
  /** The time of the youngest attempt that the node has sent a share for. */
  readonly openedMs: Millis;
};

/** How long signature shares took lately, from an attempt's entry to the share at the leader. */
export class ShareTimes {
  readonly #times = new LatestTimes({
    unknownMs: SIGN_HEDGE_MS,
    minMs: SIGN_HEDGE_MS_MIN,
    maxMs: SIGN_HEDGE_MS_MAX,
  });
  readonly #latest = new Map<NodeId, LatestShare>();

  /** @param tookMs - The time until now from the entry of the attempt that the share is for. */
  came(from: NodeId, tookMs: Millis, now: Millis): void {
    this.#times.came(tookMs);
    const openedMs = Math.max(now - tookMs, this.#latest.get(from)?.openedMs ?? 0);
    this.#latest.delete(from);
    if (this.#latest.size >= PEERS_MAX) forgetFirst(this.#latest);
    this.#latest.set(from, { cameMs: now, openedMs });
  }

  /** Forgets that a share of a node came: it lacks the node's signature. */
  forget(node: NodeId): void {
    this.#latest.delete(node);
  }

  /**
   * Whether a node whose share is missing has it in its queue, as far as its other shares tell: they come, and none of an attempt
   * that is much younger. Another attempt would only lengthen the queue.
   *
   * @param ageMs - The time since the entry of the attempt whose share is missing.
   */
  isQueued(node: NodeId, ageMs: Millis, now: Millis): boolean {
    const latest = this.#latest.get(node);
    if (latest === undefined) return false;
    const delayMs = this.delayMs();
    const comes = now - latest.cameMs < Math.max(delayMs, SIGN_HEDGE_MS);
    return comes && latest.openedMs < now - ageMs + delayMs;
  }

  /** How long the first attempt of a Sign has. */
  delayMs(): Millis {
    return this.#times.waitMs();
  }
}

function forgetFirst(nodes: Map<NodeId, unknown>): void {
  for (const node of nodes.keys()) {
    nodes.delete(node);
    return;
  }
}
