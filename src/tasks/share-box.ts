import type { NodeId, PartyIndex, SessionId } from '../common/index.js';
import type { Envelope } from '../wire/index.js';
import { EarlyMessages } from './early-messages.js';
import type { OpenSession } from './open-tasks.js';
import { indexOf } from './surroundings.js';

/**
 * Signature shares as they came, on every voter: a new leader completes open attempts from them at once. Kept while
 * their task is open; the first of each signer and session counts.
 */
export class ShareBox {
  readonly #shares = new Map<SessionId, Map<PartyIndex, Envelope>>();
  readonly #early = new EarlyMessages<Envelope>();

  /** Keeps a share that came from its signer itself. Says whether it is news. */
  add(from: NodeId, open: OpenSession, envelope: Envelope): boolean {
    const { key } = open.task;
    const index = key === undefined ? 0 : indexOf(key.participants, from);
    if (index === 0 || envelope.from !== index || envelope.to !== 0) return false;
    const shares = this.#shares.get(open.session) ?? new Map<PartyIndex, Envelope>();
    if (shares.has(index)) return false;
    shares.set(index, envelope);
    this.#shares.set(open.session, shares);
    return true;
  }

  /** Keeps a share whose session is not open here yet. */
  addEarly(from: NodeId, session: SessionId, envelope: Envelope, bytes: number, now: number): void {
    this.#early.keep(from, session, envelope, bytes, now);
  }

  /** Looks through what came early, when a session opens. */
  opened(open: OpenSession): void {
    for (const { from, message } of this.#early.take(open.session)) this.add(from, open, message);
  }

  of(session: SessionId): ReadonlyMap<PartyIndex, Envelope> {
    return this.#shares.get(session) ?? new Map<PartyIndex, Envelope>();
  }

  /** Forgets a share that failed its check. */
  drop(session: SessionId, index: PartyIndex): void {
    this.#shares.get(session)?.delete(index);
  }

  closed(sessions: readonly OpenSession[]): void {
    for (const { session } of sessions) this.#shares.delete(session);
  }
}
