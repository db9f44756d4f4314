import type { NodeId, PartyIndex, SessionId, TaskId } from '../../common/index.js';
import { equal } from '../../common/index.js';
import { slotsOf } from '../../state/index.js';
import type { Envelope } from '../../wire/index.js';
import { EarlyMessages } from './early-messages.js';
import type { OpenSession, OpenTask } from '../open-tasks.js';
import { indexOf } from '../party-index.js';
import type { Work } from '../work.js';

/**
 * Signature shares as they came, on every voter: a new leader completes open attempts from them at once. Kept while
 * their task is open; the first of each signer and session counts.
 */
export class ShareBox implements Work {
  /** No envelope: the share failed its check, and its signer has no second one. */
  readonly #shares = new Map<SessionId, Map<PartyIndex, Envelope | undefined>>();
  readonly #early = new EarlyMessages<Envelope>();

  /** Keeps a share that came from a signer of the attempt itself. Says whether it is news. */
  add(from: NodeId, open: OpenSession, envelope: Envelope): boolean {
    const { key } = open.task;
    const asked = slotsOf(open.attempt.attempt).some(({ nodeId }) => nodeId === from);
    const index = key === undefined || !asked ? 0 : indexOf(key.participants, from);
    if (index === 0 || envelope.from !== index || envelope.to !== 0) return false;
    const shares = this.#shares.get(open.session) ?? new Map<PartyIndex, Envelope | undefined>();
    if (shares.has(index)) return false;
    shares.set(index, envelope);
    this.#shares.set(open.session, shares);
    return true;
  }

  /** The first share of the same signer, where this one says another thing: whoever signed both has lied. */
  otherThan(from: NodeId, open: OpenSession, envelope: Envelope): Envelope | undefined {
    const { key } = open.task;
    const index = key === undefined ? 0 : indexOf(key.participants, from);
    const first = this.#shares.get(open.session)?.get(index);
    if (first === undefined || envelope.from !== index || envelope.to !== 0) return undefined;
    return saysTheSame(first, envelope) ? undefined : first;
  }

  /** Keeps a share whose session is not open here yet. */
  addEarly(from: NodeId, session: SessionId, envelope: Envelope, bytes: number, now: number): void {
    this.#early.keep(from, session, envelope, bytes, now);
  }

  /** Looks through what came early, when a session opens. */
  taskOpen({ sessions }: OpenTask): void {
    for (const open of sessions) {
      for (const { from, message } of this.#early.take(open.session)) this.add(from, open, message);
    }
  }

  of(session: SessionId): ReadonlyMap<PartyIndex, Envelope> {
    const shares = new Map<PartyIndex, Envelope>();
    for (const [index, envelope] of this.#shares.get(session) ?? []) {
      if (envelope !== undefined) shares.set(index, envelope);
    }
    return shares;
  }

  /** Forgets a share that its signer did not sign, as if it had never come. */
  drop(session: SessionId, index: PartyIndex): void {
    this.#shares.get(session)?.delete(index);
  }

  /** Takes no share of this signer for this session any more: it signed a wrong one, and sends it again and again. */
  refuse(session: SessionId, index: PartyIndex): void {
    this.#shares.get(session)?.set(index, undefined);
  }

  taskClosed(_: TaskId, task: OpenTask | undefined): void {
    for (const { session } of task?.sessions ?? []) this.#shares.delete(session);
  }
}

function saysTheSame({ content: a }: Envelope, { content: b }: Envelope): boolean {
  if (a?.$case !== 'open' || b?.$case !== 'open') return a?.$case === b?.$case;
  return equal(a.value.body, b.value.body);
}
