import type { NodeId, PartyIndex, SessionId, TaskId } from '../../common/index.js';
import { equal } from '../../common/index.js';
import { partyIndexOf } from '../../identity/index.js';
import type { Envelope } from '../../wire/index.js';
import { EarlyMessages } from './early-messages.js';
import type { LiveAttempt, LiveTask } from '../live-tasks.js';
import type { Work } from '../work.js';

/**
 * Signature shares as they came, on every voter: a new leader completes open attempts from them at once. Kept while
 * their task is open; the first of each signer and session counts.
 */
export class ShareBox implements Work {
  /** No envelope: the share failed its check, and its signer has no second one. */
  readonly #shares = new Map<SessionId, Map<PartyIndex, Envelope | undefined>>();
  readonly #early = new EarlyMessages<Envelope>();
  readonly #envelopeOf: (kind: string) => string | undefined;

  /** @param envelopeOf - The kind of envelope that carries contributions to tasks of a kind. */
  constructor(envelopeOf: (kind: string) => string | undefined) {
    this.#envelopeOf = envelopeOf;
  }

  /** Keeps a contribution that came from a participant that the attempt asks. Says whether it is news. */
  add(from: NodeId, attempt: LiveAttempt, envelope: Envelope): boolean {
    const index = this.#indexOf(from, attempt, envelope);
    if (index === 0) return false;
    const shares = this.#shares.get(attempt.session) ?? new Map<PartyIndex, Envelope | undefined>();
    if (shares.has(index)) return false;
    shares.set(index, envelope);
    this.#shares.set(attempt.session, shares);
    return true;
  }

  /** The first share of the same signer, where this one says another thing: a node that signed both has lied. */
  otherThan(from: NodeId, attempt: LiveAttempt, envelope: Envelope): Envelope | undefined {
    const index = this.#indexOf(from, attempt, envelope);
    const first = this.#shares.get(attempt.session)?.get(index);
    if (first === undefined || index === 0) return undefined;
    return saysTheSame(first, envelope) ? undefined : first;
  }

  /** Keeps a share whose session is not open here yet. */
  addEarly(from: NodeId, session: SessionId, envelope: Envelope, bytes: number, now: number): void {
    this.#early.keep(from, session, envelope, bytes, now);
  }

  /** Looks through what came early, when a session opens. */
  taskOpen({ attempts }: LiveTask): void {
    for (const attempt of attempts) {
      for (const { from, message } of this.#early.take(attempt.session)) {
        this.add(from, attempt, message);
      }
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

  taskClosed(_: TaskId, task: LiveTask | undefined): void {
    for (const { session } of task?.attempts ?? []) this.#shares.delete(session);
  }

  /** The sender's party index; 0 for what is no contribution of a participant that the attempt asks. */
  #indexOf(from: NodeId, { nodes, task }: LiveAttempt, { kind, ...said }: Envelope): PartyIndex {
    if (!nodes.includes(from) || kind !== this.#envelopeOf(task.kind) || said.to !== 0) return 0;
    const index = partyIndexOf(task.participants, from);
    return said.from === index ? index : 0;
  }
}

function saysTheSame({ content: a }: Envelope, { content: b }: Envelope): boolean {
  if (a?.$case !== 'open' || b?.$case !== 'open') return a?.$case === b?.$case;
  return equal(a.value.body, b.value.body);
}
