import type { Millis, NodeId } from '../../common/index.js';
import { EARLY_BYTES_MAX, EARLY_KEPT_MS, EARLY_MESSAGES_MAX } from '../limits.js';

type Early<M> = {
  /** Rises with every message that is kept, of whichever peer. */
  readonly order: number;
  readonly session: string;
  readonly message: M;
  readonly bytes: number;
  readonly atMs: Millis;
};

/**
 * Messages for sessions that are not open here yet: the log of a quick peer is ahead of ours. Bounded per peer, so that
 * a peer which invents sessions pushes out only its own, and costs only as much as its own are many.
 */
export class EarlyMessages<M> {
  /** By the peer that brought them, the oldest first. */
  readonly #kept = new Map<NodeId, readonly Early<M>[]>();
  #order = 0;

  /** @param bytes - Of the whole message, which stays in memory as long as any part of it. */
  keep(from: NodeId, session: string, message: M, bytes: number, now: Millis): void {
    if (bytes > EARLY_BYTES_MAX) return;
    const own = (this.#kept.get(from) ?? []).filter(({ atMs }) => now - atMs < EARLY_KEPT_MS);
    let held = own.reduce((sum, each) => sum + each.bytes, bytes);
    // The oldest go: most of them are late copies for a session that is over, and are never asked for.
    while (own.length >= EARLY_MESSAGES_MAX || held > EARLY_BYTES_MAX) {
      held -= own.shift()?.bytes ?? held;
    }
    own.push({ order: ++this.#order, session, message, bytes, atMs: now });
    this.#kept.set(from, own);
  }

  /** Hands out what was kept for a session, in order of arrival. */
  take(session: string): readonly { readonly from: NodeId; readonly message: M }[] {
    const taken: (Early<M> & { readonly from: NodeId })[] = [];
    for (const [from, own] of this.#kept) {
      const rest = own.filter((each) => each.session !== session);
      if (rest.length === own.length) continue;
      for (const each of own) if (each.session === session) taken.push({ ...each, from });
      this.#kept.set(from, rest);
    }
    return taken.sort((a, b) => a.order - b.order);
  }
}
