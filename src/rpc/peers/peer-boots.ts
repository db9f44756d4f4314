import type { Boot, Millis, NodeId } from '../../common/index.js';
import { TWINS_MS } from '../limits.js';

/** A process of a member, and the far end of the stream on which it was heard last. */
export type PeerProcess = { readonly boot: Boot; readonly address: string };

export type HelloSeen = {
  /** Another process of this member was heard before. */
  readonly isNews: boolean;
  /** The other process, where this hello shows that both run. */
  readonly twin: PeerProcess | undefined;
  /** Two processes of this member were seen within {@link TWINS_MS}. */
  readonly hasTwins: boolean;
};

type Known = PeerProcess & {
  readonly before: PeerProcess | undefined;
  /** When this process took the place of the one before. */
  readonly sinceMs: Millis;
  readonly twinsMs: Millis;
};

/**
 * The processes of the other members, by the hellos of their streams. After a restart the earlier process is never heard
 * again; where it is, soon, both run with one identity. Two processes are kept for each member, whatever it says.
 */
export class PeerBoots {
  readonly #known = new Map<NodeId, Known>();

  /** @param nowMs - On a clock that does not go back. */
  hello(peer: NodeId, heard: PeerProcess, nowMs: Millis): HelloSeen {
    const known = this.#known.get(peer);
    if (known === undefined || known.boot === heard.boot) {
      const { before, sinceMs = nowMs, twinsMs = -Infinity } = known ?? {};
      this.#known.set(peer, { ...heard, before, sinceMs, twinsMs });
      return { isNews: false, twin: undefined, hasTwins: nowMs - twinsMs < TWINS_MS };
    }
    const isBack = known.before?.boot === heard.boot && nowMs - known.sinceMs < TWINS_MS;
    const { boot, address } = known;
    const before = { boot, address };
    const twinsMs = isBack ? nowMs : known.twinsMs;
    this.#known.set(peer, { ...heard, before, sinceMs: nowMs, twinsMs });
    const twin = isBack ? before : undefined;
    return { isNews: true, twin, hasTwins: nowMs - twinsMs < TWINS_MS };
  }
}
