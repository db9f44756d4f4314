import { nodeId, toHex } from '../../common/index.js';
import type { Millis, NodeId, PartyIndex, SessionId, TaskId } from '../../common/index.js';
import type { CulpritReason } from '../../blame/index.js';
import { partyIndexOf } from '../../identity/index.js';
import { ProtocolAbort } from '../../mpc/index.js';
import type { Protocol, Rounds, Session } from '../../mpc/index.js';
import type { ParsedRequest } from '../../state/index.js';
import type { Envelope, KeyParticipant } from '../../wire/index.js';
import { accusation } from '../blame/complaining.js';
import type { MakeEvidence } from '../blame/complaining.js';
import type { TaskContext } from '../context.js';
import type { ParticipantContext, ParticipantDriver } from '../kinds/driver.js';
import { RESEND_MS } from '../limits.js';
import { bootsOf } from '../live-tasks.js';
import type { LiveAttempt, LiveTask } from '../live-tasks.js';
import { AUDIT_BEHIND } from './answers.js';
import type { AttemptRefusal } from './answers.js';
import { SessionOver, startAttemptSession } from './attempt-session.js';
import type { Altered, SessionGroups } from './attempt-session.js';

/** The part of one kind of task in its sessions. All around a session is the same for every kind: {@link SessionRuns}. */
export interface SessionKind<P extends ParsedRequest, R extends Rounds> {
  protocol(attempt: LiveAttempt<P>): Protocol<R, string>;
  /** Absent where all participants have the same part. */
  groups?(attempt: LiveAttempt<P>): SessionGroups;
  /** The fault that a culprit's messages show, where their kinds do not say it. */
  readonly fault?: CulpritReason;
  /** Evidence against a party of an aborted session, where two messages are not enough. */
  evidence?(
    attempt: LiveAttempt<P>,
    culprit: PartyIndex,
    aborted: ProtocolAbort,
  ): Uint8Array | undefined;
  /** How often its messages are sent again, where they are too long for {@link RESEND_MS}. */
  readonly resendMs?: Millis;
  /** The participants of an attempt's session, in order of party index. */
  participants(attempt: LiveAttempt<P>): readonly KeyParticipant[];
  /**
   * Says again what an earlier run of this process kept of the session.
   *
   * @returns Whether it kept anything: the session is not begun a second time then.
   */
  sayAgain?(attempt: LiveAttempt<P>): Promise<boolean>;
  /** A reason of the kind's own to take no part. */
  refusal?(attempt: LiveAttempt<P>): Promise<AttemptRefusal | undefined>;
  /**
   * Runs the protocol, keeps what comes of it, and says so. Resolves when that is done.
   *
   * @param start - Starts the session, once. Until then its messages wait.
   * @throws {ProtocolAbort} The culprits are known; each is shown to all voters with what it signed.
   */
  run(attempt: LiveAttempt<P>, start: (altered?: Altered) => Session<R>): Promise<void>;
  /** The refusal that this node says of a session that ended by an error of the kind's own, without a culprit. */
  declines?(attempt: LiveAttempt<P>, error: unknown): AttemptRefusal | undefined;
  /**
   * Looks at the newest attempt once its {@link run} is done here and others have something to say of it too.
   *
   * @returns What all voters are to see, where the others' word shows a lie.
   */
  compare?(attempt: LiveAttempt<P>, session: Session<R>): Envelope | undefined;
}

/** One session of an attempt, as it goes on here. */
type Run<P extends ParsedRequest, R extends Rounds> = {
  readonly attempt: LiveAttempt<P>;
  readonly participants: readonly KeyParticipant[];
  /** Absent before it is started, and once it is of no use. */
  session: Session<R> | undefined;
  /** Its result is kept here, and said. */
  done: boolean;
  declined: boolean;
  /** A newer attempt took its place. */
  superseded: boolean;
  /** Messages that came here, to be shown to others. */
  complaint: Envelope | undefined;
  sentMs: Millis;
  /** When its messages were last sent again because a peer had come back. */
  connectedMs: Millis | undefined;
};

/**
 * The sessions of one kind of task on this node. Of each task only the newest attempt counts. A session is begun once in a run of
 * the process, if the attempt names that run; its messages are sent again until the task closes.
 */
export class SessionRuns<
  P extends ParsedRequest,
  R extends Rounds,
> implements ParticipantDriver<P> {
  readonly #parts: ParticipantContext;
  readonly #context: TaskContext;
  readonly #kind: SessionKind<P, R>;
  /** Begun in this run of the process, until their tasks close. */
  readonly #runs = new Map<SessionId, Run<P, R>>();

  constructor(parts: ParticipantContext, kind: SessionKind<P, R>) {
    this.#parts = parts;
    this.#context = parts.context;
    this.#kind = kind;
  }

  /** Begins the session of the newest attempt, if that names this node and is not begun. */
  contribute({ attempts }: LiveTask<P>): void {
    const { self, consensus, clock } = this.#context;
    const attempt = attempts.at(-1);
    if (attempt === undefined) return;
    this.#closeOlder(attempt);
    const begun = this.#runs.get(attempt.session);
    if (begun !== undefined) return this.#compare(begun, attempt);
    if (!attempt.nodes.includes(self.id) || !consensus.status().current) return;

    const run: Run<P, R> = {
      attempt,
      participants: this.#kind.participants(attempt),
      session: undefined,
      done: false,
      declined: false,
      superseded: false,
      complaint: undefined,
      sentMs: clock.elapsed(),
      connectedMs: undefined,
    };
    this.#runs.set(attempt.session, run);
    this.#parts.session.answers.begin(attempt);
    this.#begin(run).catch((error: unknown) => this.#failed(run, error));
  }

  /** Ends the sessions of the task's attempts before this one, which is none of these runs. */
  endOlder(attempt: LiveAttempt<P>): void {
    this.#closeOlder(attempt);
  }

  receive(from: NodeId, session: SessionId, envelope: Envelope): boolean {
    const run = this.#runs.get(session);
    if (run?.superseded === true || run?.declined === true) return true;
    if (run?.session === undefined) return false;
    run.session.receive(partyIndexOf(run.participants, from), envelope);
    return true;
  }

  tick(): void {
    const { clock } = this.#context;
    for (const run of this.#runs.values()) {
      const due = clock.elapsed() - run.sentMs >= this.#resendMs;
      if (!due || this.#isExpired(run)) continue;
      run.sentMs = clock.elapsed();
      this.#resend(run);
    }
  }

  /** The same at once, when a peer has just come back: all hear it, so not for each time that one peer does. */
  connected(): void {
    const now = this.#context.clock.elapsed();
    for (const run of this.#runs.values()) {
      if (run.connectedMs !== undefined && now - run.connectedMs < this.#resendMs) continue;
      run.connectedMs = now;
      this.#resend(run);
    }
  }

  taskClosed(task: TaskId): void {
    for (const [session, run] of this.#runs) {
      if (run.attempt.task.id !== task) continue;
      run.session?.close(new SessionOver('the task is closed'));
      this.#runs.delete(session);
    }
  }

  close(): void {
    for (const run of this.#runs.values()) run.session?.close(new SessionOver('the node stops'));
    this.#runs.clear();
  }

  get busy(): boolean {
    return this.#runs.size > 0;
  }

  underWay(): readonly LiveAttempt<P>[] {
    const going = [...this.#runs.values()].filter(
      (run) => !run.done && !run.declined && !this.#isOver(run) && !this.#isExpired(run),
    );
    return going.map(({ attempt }) => attempt);
  }

  get #resendMs(): Millis {
    return this.#kind.resendMs ?? RESEND_MS;
  }

  /** Of a task's attempts only the newest counts; what an older one still does is of no use. */
  #closeOlder({ task, session: newest }: LiveAttempt<P>): void {
    for (const [session, run] of this.#runs) {
      if (run.attempt.task.id !== task.id || session === newest) continue;
      run.session?.close(new SessionOver('a newer attempt took its place'));
      run.session = undefined;
      run.complaint = undefined;
      run.superseded = true;
      this.#parts.session.answers.withdraw(session);
    }
  }

  async #begin(run: Run<P, R>): Promise<void> {
    const { attempt } = run;
    const { self } = this.#context;
    const kind = this.#kind;
    const isSaid = await kind.sayAgain?.(attempt);
    if (isSaid === true || this.#isOver(run)) return;
    const named = bootsOf(attempt.record.attempt).find((each) => each.nodeId === self.id);
    if (named === undefined || toHex(named.boot) !== self.boot) {
      return this.#decline(run, 'boot-changed');
    }
    if (this.#isExpired(run)) return this.#decline(run, 'expired');
    if (this.#context.isAuditBehind?.() === true) return this.#refuse(run, AUDIT_BEHIND);
    const refusal = await kind.refusal?.(attempt);
    // The task may have closed, or another attempt begun, meanwhile.
    if (this.#isOver(run)) return;
    if (refusal !== undefined) return this.#refuse(run, refusal);
    await kind.run(attempt, (altered) => this.#start(run, altered));
    run.done = true;
  }

  #start(run: Run<P, R>, altered: Altered | undefined): Session<R> {
    if (this.#isOver(run)) throw new SessionOver('it is of no use any more');
    const { attempt, participants } = run;
    const { arithmetic, session: said } = this.#parts;
    const index = partyIndexOf(participants, this.#context.self.id);
    const groups = this.#kind.groups?.(attempt) ?? {};
    const session = startAttemptSession(
      this.#context,
      arithmetic.random,
      this.#kind.protocol(attempt),
      attempt,
      { participants, index, groups },
      altered,
    );
    run.session = session;
    for (const { from, message } of said.early.take(attempt.session)) {
      session.receive(partyIndexOf(participants, from), message);
    }
    return session;
  }

  /** The first complaint of a session counts. @param attempt - As the log has it now. */
  #compare(run: Run<P, R>, attempt: LiveAttempt<P>): void {
    if (run.session === undefined || !run.done || run.complaint !== undefined) return;
    run.complaint = this.#kind.compare?.(attempt, run.session);
    if (run.complaint !== undefined) this.#resend(run);
  }

  #failed(run: Run<P, R>, error: unknown): void {
    if (error instanceof SessionOver || this.#isOver(run)) return;
    const { attempt, participants } = run;
    const { task, session } = attempt;
    const { alarms, logger } = this.#context;
    const refusal = this.#kind.declines?.(attempt, error);
    if (refusal !== undefined) return this.#refuse(run, refusal);
    if (!(error instanceof ProtocolAbort)) {
      const words = { kind: task.kind, session, error: String(error) };
      logger.error('a protocol session failed here', words);
      return this.#decline(run, 'aborted');
    }
    const nodes = participants.map((each) => nodeId(each.nodeId));
    const culprits = error.culprits.map((each) => nodes[each - 1]);
    const [culprit] = culprits;
    alarms.raise('a protocol session was aborted', culprit, {
      kind: task.kind,
      session,
      culprits: culprits.join(' '),
      error: error.message,
    });
    void this.#accuse(run, error, nodes);
  }

  /** Makes all voters see the culprits' own messages, as far as they prove something, and takes no part any more. Never rejects. */
  async #accuse(run: Run<P, R>, error: ProtocolAbort, nodes: readonly NodeId[]): Promise<void> {
    const { attempt } = run;
    const kind = this.#kind;
    const own = partyIndexOf(attempt.participants, this.#context.self.id);
    const make: MakeEvidence = {
      fault: kind.fault,
      evidenceOf: (party) => kind.evidence?.(attempt, party, error),
      essential: (evidence) => this.#parts.culprits.essential(evidence),
    };
    const made = await accusation(this.#context, attempt, own, nodes, error, make);
    if (this.#isOver(run)) return;
    run.complaint = made ?? run.complaint;
    this.#decline(run, 'aborted', nodes[(error.culprits[0] ?? 0) - 1]);
  }

  /** @param about - The node that the reason names. */
  #decline(run: Run<P, R>, reason: string, about?: NodeId): void {
    const { participants } = run.attempt;
    const index = about === undefined ? 0 : partyIndexOf(participants, about);
    this.#refuse(run, { reason, index });
  }

  #refuse(run: Run<P, R>, refusal: AttemptRefusal): void {
    run.session?.close(new SessionOver(refusal.reason));
    run.session = undefined;
    run.declined = true;
    this.#resend(run);
    this.#parts.session.answers.decline(run.attempt, refusal);
  }

  /** Whether there is no use for what `run` still does: its task is closed, or has a newer attempt. */
  #isOver(run: Run<P, R>): boolean {
    return run.superseded || this.#runs.get(run.attempt.session) !== run;
  }

  /** By this node's own clock. */
  #isExpired({ attempt }: Run<P, R>): boolean {
    return this.#context.clock.now() >= attempt.task.expireTimeMs;
  }

  #resend({ session, complaint }: Run<P, R>): void {
    session?.resend();
    if (complaint === undefined) return;
    this.#context.outbox.broadcast({ message: { $case: 'envelope', value: complaint } });
  }
}
