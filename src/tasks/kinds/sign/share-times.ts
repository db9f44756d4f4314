import type { Millis, NodeId } from '../../../common/index.js';
import {
  HEDGE_SHARES_KEPT,
  HEDGE_SHARES_MIN,
  HEDGE_TIMES_P95,
  PEERS_MAX,
  SIGN_HEDGE_MS,
  SIGN_HEDGE_MS_MAX,
  SIGN_HEDGE_MS_MIN,
} from '../../limits.js';

type LatestShare = {
  readonly cameMs: Millis;
  /** The time of the youngest attempt that the node has sent a share for. */
  readonly openedMs: Millis;
};

/**
 * How long signature shares took lately, from an attempt's entry to the share at the leader: a share that takes three times as long as
 * nearly all of them is worth another attempt (Dean and Barroso, The Tail at Scale, 2013).
 */
export class ShareTimes {
  /** The latest, in no order. */
  readonly #tookMs: Millis[] = [];
  #next = 0;
  readonly #latest = new Map<NodeId, LatestShare>();

  /** @param tookMs - The time until now from the entry of the attempt that the share is for. */
  came(from: NodeId, tookMs: Millis, now: Millis): void {
    this.#tookMs[this.#next] = tookMs;
    this.#next = (this.#next + 1) % HEDGE_SHARES_KEPT;
    const openedMs = Math.max(now - tookMs, this.#latest.get(from)?.openedMs ?? 0);
    this.#latest.delete(from);
    if (this.#latest.size >= PEERS_MAX) forgetFirst(this.#latest);
    this.#latest.set(from, { cameMs: now, openedMs });
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
    if (this.#tookMs.length < HEDGE_SHARES_MIN) return SIGN_HEDGE_MS;
    const sorted = this.#tookMs.toSorted((a, b) => a - b);
    const p95 = sorted[Math.ceil(0.95 * sorted.length) - 1] ?? 0;
    return Math.min(SIGN_HEDGE_MS_MAX, Math.max(SIGN_HEDGE_MS_MIN, p95 * HEDGE_TIMES_P95));
  }
}

function forgetFirst(nodes: Map<NodeId, unknown>): void {
  for (const node of nodes.keys()) {
    nodes.delete(node);
    return;
  }
}
