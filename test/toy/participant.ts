import { nodeId, toHex } from '../../src/common/index.js';
import type { NodeId, SessionId, TaskId } from '../../src/common/index.js';
import { ProtocolAbort, reliable } from '../../src/mpc/index.js';
import type { Echoed, Session } from '../../src/mpc/index.js';
import type { ParticipantContext, ParticipantDriver } from '../../src/tasks/kinds/driver.js';
import { RESEND_MS } from '../../src/tasks/limits.js';
import type { LiveAttempt, LiveTask } from '../../src/tasks/live-tasks.js';
import type { Envelope } from '../../src/wire/index.js';
import { accusation } from '../../src/tasks/blame/complaining.js';
import { startAttemptSession } from '../../src/tasks/participant/attempt-session.js';
import { TOY_RESULT_KIND } from './combining.js';
import type { Lie } from './lie.js';
import { draw, toy } from './protocol.js';
import type { ToyRounds } from './protocol.js';
import { bootsOf, encodeSignedOutput, toyResultBytes } from './rules.js';
import type { ParsedToy } from './rules.js';

/** How tests have a participant differ from an honest one, and what it tells them. */
export type ToyTap = {
  /** An output that this node came to. */
  onOutput?(session: SessionId, output: Uint8Array): void;
  /** What this node lies about in a session, if it does. */
  lieIn?(session: SessionId, nodes: readonly NodeId[]): Lie | undefined;
  /** A mistake, which the tests plant. */
  readonly awaitsEchoes?: boolean;
};

type Run = {
  readonly attempt: LiveAttempt<ParsedToy>;
  readonly session: Session<Echoed<ToyRounds>>;
  /** What all voters are to see of what came here. */
  complaint: Envelope | undefined;
  sentMs: number;
};

/** Ends a session without a result and without blame. */
class SessionOver extends Error {
  override readonly name = 'SessionOver';
}

/** This node as a participant of toys: runs the protocol in every attempt that names this run of its process. */
export class ToyParticipant implements ParticipantDriver<ParsedToy> {
  readonly #parts: ParticipantContext;
  readonly #tap: ToyTap;
  readonly #runs = new Map<SessionId, Run>();

  constructor(parts: ParticipantContext, tap: ToyTap) {
    this.#parts = parts;
    this.#tap = tap;
  }

  contribute({ attempts }: LiveTask<ParsedToy>): void {
    const { context, session } = this.#parts;
    const { clock, consensus, self } = context;
    for (const attempt of attempts) {
      const named = bootsOf(attempt.record).find((each) => each.nodeId === self.id);
      if (named === undefined || !consensus.status().current) continue;
      if (!session.answers.begin(attempt)) continue;
      if (toHex(named.boot) !== self.boot)
        session.answers.decline(attempt, { reason: 'boot-changed' });
      else if (clock.now() >= attempt.task.expireTimeMs) {
        session.answers.decline(attempt, { reason: 'expired' });
      } else void this.#draw(attempt);
    }
  }

  receive(from: NodeId, session: SessionId, envelope: Envelope): boolean {
    const run = this.#runs.get(session);
    run?.session.receive(run.attempt.nodes.indexOf(from) + 1, envelope);
    return run !== undefined;
  }

  tick(): void {
    const { clock } = this.#parts.context;
    for (const run of this.#runs.values()) {
      if (clock.elapsed() - run.sentMs < RESEND_MS) continue;
      run.sentMs = clock.elapsed();
      this.#resend(run);
    }
  }

  connected(): void {
    for (const run of this.#runs.values()) this.#resend(run);
  }

  taskClosed(task: TaskId): void {
    for (const [session, run] of this.#runs) {
      if (run.attempt.task.id !== task) continue;
      run.session.close(new SessionOver('the task is closed'));
      this.#runs.delete(session);
    }
  }

  close(): void {
    for (const { session } of this.#runs.values()) session.close(new SessionOver('the node stops'));
    this.#runs.clear();
  }

  get busy(): boolean {
    return this.#runs.size > 0;
  }

  async #draw(attempt: LiveAttempt<ParsedToy>): Promise<void> {
    const { context, arithmetic, session: said } = this.#parts;
    const { self } = context;
    const { sessionId } = attempt.record;
    const lie = this.#tap.lieIn?.(attempt.session, attempt.nodes);
    const session = this.#start(attempt, lie);
    const run: Run = { attempt, session, complaint: undefined, sentMs: context.clock.elapsed() };
    this.#runs.set(attempt.session, run);
    try {
      const { awaitsEchoes } = this.#tap;
      const drawn = draw(
        reliable<ToyRounds>(session.party),
        arithmetic.random,
        (to, mine) => lie?.valueFor(to) ?? mine,
        awaitsEchoes,
      );
      for (const { from, message } of said.early.take(attempt.session)) {
        this.receive(from, attempt.session, message);
      }
      const output = lie?.output(await drawn) ?? (await drawn);
      this.#tap.onOutput?.(attempt.session, output);
      const signature = self.signer.sign(toyResultBytes(sessionId, output));
      const body = encodeSignedOutput({ output, signature });
      said.answers.contribute(attempt, TOY_RESULT_KIND, body);
    } catch (error) {
      if (error instanceof SessionOver) return;
      this.#failed(run, error);
    }
  }

  #start(attempt: LiveAttempt<ParsedToy>, lie: Lie | undefined): Session<Echoed<ToyRounds>> {
    const { context, arithmetic } = this.#parts;
    const { self } = context;
    const { nodes, task } = attempt;
    const participants = nodes.map((node) => ({
      nodeId: node,
      identityKey: identityKeyOf(task, node),
    }));
    const members = { participants, index: nodes.indexOf(self.id) + 1 };
    return startAttemptSession(
      context,
      arithmetic.random,
      toy,
      attempt,
      members,
      (to, envelope) => lie?.altered(self.signer, to, envelope) ?? envelope,
    );
  }

  /** Shows all voters what the culprits signed, and does not contribute. */
  #failed(run: Run, error: unknown): void {
    const { attempt } = run;
    const { context, session } = this.#parts;
    const { logger } = context;
    if (!(error instanceof ProtocolAbort)) {
      logger.error('a toy failed here', { session: attempt.session, error: String(error) });
      session.answers.decline(attempt, { reason: 'aborted' });
      return;
    }
    const culprits = error.culprits.map((each) => attempt.nodes[each - 1] ?? nodeId(''));
    logger.alarm('a toy was aborted', { session: attempt.session, culprits: culprits.join(' ') });
    const self = attempt.task.participants.findIndex((each) => each.nodeId === context.self.id) + 1;
    run.complaint = accusation(context, attempt, self, attempt.nodes, error, 'WRONG_OPENING');
    if (run.complaint !== undefined) this.#resend(run);
    const [culprit] = culprits;
    const index = attempt.task.participants.findIndex((each) => each.nodeId === culprit) + 1;
    session.answers.decline(attempt, { reason: 'aborted', index });
  }

  #resend({ session, complaint: shown }: Run): void {
    session.resend();
    if (shown === undefined) return;
    this.#parts.context.outbox.broadcast({ message: { $case: 'envelope', value: shown } });
  }
}

function identityKeyOf({ participants }: LiveTask<ParsedToy>, node: NodeId): Uint8Array {
  return participants.find((each) => each.nodeId === node)?.identityKey ?? new Uint8Array(0);
}
