import type { Millis, NodeId } from '../../common/index.js';
import { EARLY_BYTES_MAX, EARLY_KEPT_MS, EARLY_MESSAGES_MAX } from '../limits.js';

type Early<M> = {
  readonly from: NodeId;
  readonly session: string;
  readonly message: M;
  readonly bytes: number;
  readonly atMs: Millis;
};

/**
 * Messages for sessions that are not open here yet: the log of a quick peer is ahead of ours. Bounded per peer, so that
 * a peer which invents sessions pushes out only its own.
 */
export class EarlyMessages<M> {
  #kept: Early<M>[] = [];

  keep(from: NodeId, session: string, message: M, bytes: number, now: Millis): void {
    if (bytes > EARLY_BYTES_MAX) return;
    this.#kept = this.#kept.filter(({ atMs }) => now - atMs < EARLY_KEPT_MS);
    const own = this.#kept.filter((each) => each.from === from);
    let held = own.reduce((sum, each) => sum + each.bytes, bytes);
    // The oldest go: most of them are late copies for a session that is over, and are never asked for.
    const over = new Set<Early<M>>();
    for (const each of own) {
      if (own.length - over.size < EARLY_MESSAGES_MAX && held <= EARLY_BYTES_MAX) break;
      held -= each.bytes;
      over.add(each);
    }
    this.#kept = this.#kept.filter((each) => !over.has(each));
    this.#kept.push({ from, session, message, bytes, atMs: now });
  }

  /** Hands out what was kept for a session, in order of arrival. */
  take(session: string): readonly { readonly from: NodeId; readonly message: M }[] {
    const taken = this.#kept.filter((each) => each.session === session);
    if (taken.length > 0) this.#kept = this.#kept.filter((each) => each.session !== session);
    return taken;
  }
}
