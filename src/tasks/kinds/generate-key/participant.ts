import { equal, toHex } from '../../../common/index.js';
import type { NodeId, SessionId, TaskId } from '../../../common/index.js';
import { wipe } from '../../../crypto/index.js';
import { publicKeyJob } from '../../../algorithms/index.js';
import { partyIndexOf } from '../../../identity/index.js';
import { ProtocolAbort } from '../../../mpc/index.js';
import { generateKey, keygen } from '../../../sharing/index.js';
import type { ParsedGenerateKey } from '../../../state/index.js';
import type { Envelope } from '../../../wire/index.js';
import { accusation, complaint, transcriptOf } from '../../blame/complaining.js';
import type { TaskContext } from '../../context.js';
import { PENDING_SHARES_MAX, RESEND_MS } from '../../limits.js';
import type { LiveTask } from '../../live-tasks.js';
import { startAttemptSession } from '../../participant/attempt-session.js';
import { readyOf } from '../../participant/facts.js';
import type { ParticipantContext, ParticipantDriver } from '../driver.js';
import { bootsOf, SessionOver, versionOf } from './keygen-run.js';
import type { KeygenAttempt, KeygenRun } from './keygen-run.js';
import { signedReady } from './ready.js';

/**
 * This node as a participant of key generations: runs the newest attempt that names this run of its process, keeps the
 * share, and only then has something to say in the log.
 */
export class GenerateKeyParticipant implements ParticipantDriver<ParsedGenerateKey> {
  readonly #parts: ParticipantContext;
  readonly #context: TaskContext;
  /** Sessions begun in this run, until their tasks close: each is begun once. */
  readonly #runs = new Map<SessionId, KeygenRun>();

  constructor(parts: ParticipantContext) {
    this.#parts = parts;
    this.#context = parts.context;
  }

  /** Does what the newest attempt wants of this node: says `ready` again, starts the session, or declines it. */
  contribute({ attempts, participants }: LiveTask<ParsedGenerateKey>): void {
    const { self, consensus, logger, alarms } = this.#context;
    const attempt = attempts.at(-1);
    const index = partyIndexOf(participants, self.id);
    if (attempt === undefined || index === 0) return;
    this.#closeOlder(attempt);
    this.#compare(attempt, index);
    if (this.#runs.has(attempt.session) || !consensus.status().current) return;

    const run: KeygenRun = {
      task: attempt.task.id,
      session: undefined,
      made: false,
      declined: false,
      complaint: undefined,
      participants,
      expireTimeMs: attempt.task.expireTimeMs,
      superseded: false,
      sentMs: this.#context.clock.elapsed(),
      connectedMs: undefined,
    };
    this.#runs.set(attempt.session, run);
    this.#parts.session.answers.begin(attempt);
    this.#begin(attempt, run, index).catch((error: unknown) => {
      if (error instanceof SessionOver || this.#isOver(attempt, run)) return;
      if (error instanceof ProtocolAbort) {
        const nodes = participants.map((each) => each.nodeId);
        const culprits = error.culprits.map((each) => nodes[each - 1]);
        alarms.raise('key generation aborted', culprits[0], {
          session: attempt.session,
          culprits: culprits.join(' '),
          error: error.message,
        });
        // All voters see the culprits' own messages.
        run.complaint = accusation(this.#context, attempt, index, nodes, error) ?? run.complaint;
      } else {
        logger.error('key generation failed here', {
          session: attempt.session,
          error: String(error),
        });
      }
      this.#decline(attempt, run, 'aborted');
    });
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
      const due = clock.elapsed() - run.sentMs >= RESEND_MS;
      if (!due || clock.now() >= run.expireTimeMs) continue;
      run.sentMs = clock.elapsed();
      this.#resendRun(run);
    }
  }

  /** The same at once, when a peer has just come back: all hear it, so not for each time that one peer does. */
  connected(): void {
    const now = this.#context.clock.elapsed();
    for (const run of this.#runs.values()) {
      if (run.connectedMs !== undefined && now - run.connectedMs < RESEND_MS) continue;
      run.connectedMs = now;
      this.#resendRun(run);
    }
  }

  taskClosed(task: TaskId): void {
    for (const [session, run] of this.#runs) {
      if (run.task !== task) continue;
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

  /** Of a task's attempts only the newest counts; what an older one still does is of no use. */
  #closeOlder(attempt: KeygenAttempt): void {
    for (const [session, run] of this.#runs) {
      if (run.task !== attempt.task.id || session === attempt.session) continue;
      run.session?.close(new SessionOver('a newer attempt took its place'));
      run.session = undefined;
      run.complaint = undefined;
      run.superseded = true;
      this.#parts.session.answers.withdraw(session);
    }
  }

  /** Whether there is no use for what `run` still does: its task is closed, or has a newer attempt. */
  #isOver({ session }: KeygenAttempt, run: KeygenRun): boolean {
    return run.superseded || this.#runs.get(session) !== run;
  }

  async #begin(attempt: KeygenAttempt, run: KeygenRun, index: number): Promise<void> {
    const { clock, self } = this.#context;
    const { keys } = this.#parts;
    const id = attempt.task.asked.keyId;
    const record = await keys.record(id, attempt.session);
    if (this.#isOver(attempt, run)) return;
    if (record !== undefined) return this.#sayAgain(attempt, record);
    const named = bootsOf(attempt).find(({ nodeId: node }) => node === self.id);
    if (named === undefined || toHex(named.boot) !== self.boot) {
      this.#decline(attempt, run, 'boot-changed');
      return;
    }
    if (clock.now() >= run.expireTimeMs) {
      this.#decline(attempt, run, 'expired');
      return;
    }
    const pending = await keys.pending(id);
    // The task may have closed, or another attempt begun, while the store was read.
    if (this.#isOver(attempt, run)) return;
    if (pending >= PENDING_SHARES_MAX) {
      this.#decline(attempt, run, 'pending-full');
      return;
    }
    await this.#generate(attempt, run, index);
  }

  /**
   * Says `ready` for a session of an earlier run. The crash may have come between the write and the reading back, which
   * `ready` speaks of too: so the share is opened first.
   */
  async #sayAgain(attempt: KeygenAttempt, record: Uint8Array): Promise<void> {
    const V = readyOf(record)?.sharing?.publicPolynomial ?? [];
    const { session, task } = attempt;
    const { keyId, algorithm } = task.asked;
    const { keys, facts } = this.#parts;
    const version = versionOf(attempt);
    const opened = await keys.load({ keyId, sessionId: session, version, V, algorithm });
    if (opened) facts.sayReady(task.id, record);
  }

  async #generate(attempt: KeygenAttempt, run: KeygenRun, index: number): Promise<void> {
    const { arithmetic, facts, keys } = this.#parts;
    const { compute, random, schemes } = arithmetic;
    const { asked } = attempt.task;
    const { sharing } = schemes[asked.algorithm];
    const { participants } = run;
    const members = { participants, index };
    const session = startAttemptSession(this.#context, random, keygen, attempt, members);
    run.session = session;
    const made = generateKey(sharing, session.party, asked.threshold, random, compute);
    for (const { from, message } of this.#parts.session.early.take(attempt.session)) {
      session.receive(partyIndexOf(run.participants, from), message);
    }
    const key = await made;
    run.made = true;
    try {
      const [V_0 = new Uint8Array()] = key.V;
      const { algorithm } = asked;
      const publicKey = await compute.run(publicKeyJob, { algorithm, V_0 });
      // Left to chance, which does not do it: no participant is to blame.
      if (publicKey === undefined) throw new ProtocolAbort('The sharing gives no public key', []);
      const command = signedReady(this.#context, attempt, key, publicKey);
      await keys.keep({
        keyId: asked.keyId,
        sessionId: attempt.session,
        version: versionOf(attempt),
        algorithm: asked.algorithm,
        threshold: asked.threshold,
        V: key.V,
        publicKey,
        index,
        scalar: key.share.scalar,
        record: command,
      });
      facts.sayReady(run.task, command);
    } finally {
      wipe(key.share.scalar);
    }
  }

  /** Digests that differ show that a participant told different things to different others: what each was told shows which one. */
  #compare(attempt: KeygenAttempt, index: number): void {
    const run = this.#runs.get(attempt.session);
    const { ready } = attempt.task.record;
    const [first, ...others] = ready.flatMap(({ sharing }) => sharing ?? []);
    if (run?.session === undefined || !run.made || run.complaint !== undefined) return;
    if (first === undefined || others.every(({ digest }) => equal(digest, first.digest))) return;
    const shown = { $case: 'transcript', value: transcriptOf(run.session.party) } as const;
    run.complaint = complaint(this.#context, attempt, index, shown);
    this.#resendRun(run);
  }

  #decline(attempt: KeygenAttempt, run: KeygenRun, reason: string): void {
    run.session?.close(new SessionOver(reason));
    run.session = undefined;
    run.declined = true;
    this.#resendRun(run);
    this.#parts.session.answers.decline(attempt, { reason });
  }

  #resendRun(run: KeygenRun): void {
    run.session?.resend();
    if (run.complaint !== undefined) {
      this.#context.outbox.broadcast({ message: { $case: 'envelope', value: run.complaint } });
    }
  }
}
