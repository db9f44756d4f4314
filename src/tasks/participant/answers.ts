import type { Millis, NodeId, PartyIndex, SessionId, TaskId } from '../../common/index.js';
import { partyIndexOf } from '../../identity/index.js';
import { signEnvelope, TO_ALL } from '../../mpc/index.js';
import type { Span } from '../../ports/index.js';
import { Declined, encode } from '../../wire/index.js';
import type { FreshSupplies, Envelope, TaskMessageBody } from '../../wire/index.js';
import type { TaskContext } from '../context.js';
import { RESEND_MS, SHARE_WITHIN_MS, SPARE_SHARE_WITHIN_MS } from '../limits.js';
import type { LiveAttempt, LiveTask } from '../live-tasks.js';
import { DECLINED_KIND } from '../messages.js';
import type { Work } from '../work.js';

type Answered = {
  readonly task: TaskId;
  readonly expireTimeMs: Millis;
  /** Nothing while the answer is computed, or when it came back too late to be said. */
  message: TaskMessageBody | undefined;
  sentMs: Millis;
  readonly span: Span | undefined;
};

/** The word of a node whose audit log does not keep up: what it would do now might never be told. */
export const AUDIT_BEHIND = { reason: 'audit-behind' } as const;

/** The word of a node whose log is contradicted, and confirmed by no majority. */
export const LOG_UNCONFIRMED = { reason: 'log-unconfirmed' } as const;

/** Why this node contributes nothing. */
export type AttemptRefusal = {
  readonly reason: string;
  /** A party that the reason names, 0 or absent for none. */
  readonly index?: PartyIndex | undefined;
};

/** The node whose client waits for a task and to which its contributions must go at once; nothing where it may be any. */
export type WaitingNode = (task: LiveTask) => NodeId | undefined;

/** Gives supplies to ride with an answer. Called only when it leaves: those that it gives are told, or lost. */
export type TakeSupplies = () => FreshSupplies | undefined;

/**
 * This node's answers to attempts: one contribution or refusal each, to all voters, again and again until the task
 * closes.
 */
export class Answers implements Work {
  readonly #context: TaskContext;
  readonly #waitingNode: WaitingNode;
  /** Sessions that an answer was begun for in this run, until their tasks close: each is answered once. */
  readonly #answered = new Map<SessionId, Answered>();
  /** The time of the last resend for each peer that came back. */
  readonly #connectedMs = new Map<NodeId, Millis>();

  constructor(context: TaskContext, waitingNode: WaitingNode = () => undefined) {
    this.#context = context;
    this.#waitingNode = waitingNode;
  }

  /** Begins the answer to an attempt. Says whether there was none yet. */
  begin({ session, task, number }: LiveAttempt): boolean {
    if (this.#answered.has(session)) return false;
    const { clock, tracer } = this.#context;
    const { id, kind, expireTimeMs } = task;
    this.#answered.set(session, {
      task: id,
      expireTimeMs,
      message: undefined,
      sentMs: clock.elapsed(),
      span: tracer?.begin(id, 'contribute', { kind, attempt: number, session }),
    });
    return true;
  }

  has(session: SessionId): boolean {
    return this.#answered.has(session);
  }

  /**
   * Contributes to an attempt, unless its request has expired by this node's clock. Refuses where the audit log of this node
   * has fallen behind since the answer was begun, or its log is confirmed by no majority any more.
   */
  contribute(attempt: LiveAttempt, kind: string, body: Uint8Array, supplies?: TakeSupplies): void {
    // Conditions may have changed since the answer was begun: the task may be closed, the node stopped, the time over.
    if (this.#context.clock.now() >= attempt.task.expireTimeMs) return;
    if (!this.#answered.has(attempt.session)) return;
    if (this.#context.isAuditBehind?.() === true) {
      return this.decline(attempt, AUDIT_BEHIND, supplies);
    }
    if (this.#context.isUnconfirmed?.() === true) {
      return this.decline(attempt, LOG_UNCONFIRMED, supplies);
    }
    const envelope = this.#signed(attempt, kind, body);
    const value = { envelope, freshSupplies: supplies?.() };
    const waiting = this.#waitingNode(attempt.task);
    this.#send(attempt, { $case: 'contribution', value }, waiting);
  }

  /** Refuses to contribute. */
  decline(
    attempt: LiveAttempt,
    { reason, index = 0 }: AttemptRefusal,
    supplies?: TakeSupplies,
  ): void {
    if (!this.#answered.has(attempt.session)) return;
    const envelope = this.#signed(attempt, DECLINED_KIND, encode(Declined, { reason, index }));
    this.#send(attempt, { $case: 'decline', value: { envelope, freshSupplies: supplies?.() } });
  }

  /** Takes an answer back, so that it is not sent again: a newer attempt counts. */
  withdraw(session: SessionId): void {
    const answered = this.#answered.get(session);
    if (answered === undefined) return;
    answered.message = undefined;
    answered.span?.end({ answer: 'withdrawn' });
  }

  /** Sends again what may have been lost: the same bytes, while it can still be of use. */
  tick(): void {
    const { clock, outbox } = this.#context;
    for (const answered of this.#answered.values()) {
      const { message } = answered;
      const due = clock.elapsed() - answered.sentMs >= RESEND_MS;
      if (message === undefined || !due || clock.now() >= answered.expireTimeMs) continue;
      answered.sentMs = clock.elapsed();
      outbox.broadcast(message);
    }
  }

  /** The same for one peer that has just come back. A peer that comes back all the time waits for the next {@link tick}. */
  connected(peer: NodeId): void {
    const { clock, outbox } = this.#context;
    const elapsed = clock.elapsed();
    const before = this.#connectedMs.get(peer);
    if (before !== undefined && elapsed - before < RESEND_MS) return;
    this.#connectedMs.set(peer, elapsed);
    const now = clock.now();
    for (const { message, expireTimeMs } of this.#answered.values()) {
      if (message !== undefined && now < expireTimeMs) outbox.send(peer, message);
    }
  }

  taskClosed(task: TaskId): void {
    for (const [session, answered] of this.#answered) {
      if (answered.task !== task) continue;
      answered.span?.end();
      this.#answered.delete(session);
    }
  }

  /** Nothing leaves any more, what is being computed included. */
  close(): void {
    for (const { span } of this.#answered.values()) span?.end({}, 'NODE_STOPPING');
    this.#answered.clear();
  }

  get busy(): boolean {
    return this.#answered.size > 0;
  }

  #signed({ participants, record }: LiveAttempt, kind: string, body: Uint8Array): Envelope {
    const { id, signer } = this.#context.self;
    const index = partyIndexOf(participants, id);
    return signEnvelope(signer, record.sessionId, kind, index, TO_ALL, body);
  }

  /**
   * Not once the task is closed, or the node stopped.
   *
   * @param waiting - The only node that waits for it.
   */
  #send(
    { session, task }: LiveAttempt,
    message: TaskMessageBody['message'],
    waiting?: NodeId,
  ): void {
    const { self, clock, consensus, logger, outbox } = this.#context;
    const answered = this.#answered.get(session);
    if (answered === undefined) return;
    answered.message = { message };
    answered.sentMs = clock.elapsed();
    answered.span?.end({ answer: message?.$case ?? '' });
    logger.debug('answered', { session, task: task.id, kind: message?.$case ?? '' });
    if (waiting === undefined) return outbox.broadcast(answered.message);
    const { leader } = consensus.status();
    for (const voter of outbox.voters()) {
      const withinMs = voter === leader ? SHARE_WITHIN_MS : SPARE_SHARE_WITHIN_MS;
      if (voter === waiting || voter === self.id) outbox.send(voter, answered.message);
      else outbox.sendSoon(voter, withinMs, () => this.#leaving(session, message));
    }
  }

  /** A contribution as it leaves late: the conditions of its leaving are looked at again. Supplies go in any case. */
  #leaving(session: SessionId, message: TaskMessageBody['message']): TaskMessageBody | undefined {
    const answered = this.#answered.get(session);
    const isOver = answered === undefined || this.#context.clock.now() >= answered.expireTimeMs;
    if (!isOver) return answered.message;
    const value = message?.$case === 'contribution' ? message.value.freshSupplies : undefined;
    return value && { message: { $case: 'freshSupplies', value } };
  }
}
