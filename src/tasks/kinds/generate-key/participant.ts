import { equal, nodeId, toHex } from '../../../common/index.js';
import type { Millis, NodeId, SessionId, TaskId } from '../../../common/index.js';
import { wipe } from '../../../crypto/index.js';
import { publicKeyJob } from '../../../algorithms/index.js';
import { partyIndexOf, readyBytes } from '../../../identity/index.js';
import { ProtocolAbort, startSession } from '../../../mpc/index.js';
import type { Session } from '../../../mpc/index.js';
import { generateKey, keygen } from '../../../sharing/index.js';
import type { KeygenRounds, NewKey } from '../../../sharing/index.js';
import { baseVersionOf, encodeCommand, FIRST_VERSION } from '../../../state/index.js';
import type { ParsedGenerateKey } from '../../../state/index.js';
import type { BootedNode, Envelope, KeyParticipant, Sharing } from '../../../wire/index.js';
import { complaint, evidenceAgainst, transcriptOf } from '../../blame/complaining.js';
import type { TaskContext } from '../../context.js';
import { PENDING_SHARES_MAX, RESEND_MS } from '../../limits.js';
import type { LiveAttempt, LiveTask } from '../../live-tasks.js';
import { readyOf } from '../../participant/facts.js';
import type { ParticipantContext, ParticipantDriver } from '../driver.js';

type KeygenRun = {
  readonly task: TaskId;
  /** Absent once this node has declined. */
  session: Session<KeygenRounds> | undefined;
  /** Its messages have all come, and made a key. */
  made: boolean;
  declined: boolean;
  /** What others are to see of what came here. */
  complaint: Envelope | undefined;
  readonly participants: readonly KeyParticipant[];
  readonly expireTimeMs: Millis;
  /** A newer attempt took its place. */
  superseded: boolean;
  sentMs: Millis;
};

type KeygenAttempt = LiveAttempt<ParsedGenerateKey>;

/** Ends a session without a result and without blame. */
class SessionOver extends Error {
  override readonly name = 'SessionOver';
}

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
    const { self, consensus, logger } = this.#context;
    const open = attempts.at(-1);
    const index = partyIndexOf(participants, self.id);
    if (open === undefined || index === 0) return;
    this.#closeOlder(open);
    this.#compare(open, index);
    if (this.#runs.has(open.session) || !consensus.status().current) return;

    const run: KeygenRun = {
      task: open.task.id,
      session: undefined,
      made: false,
      declined: false,
      complaint: undefined,
      participants,
      expireTimeMs: open.task.expireTimeMs,
      superseded: false,
      sentMs: this.#context.clock.elapsed(),
    };
    this.#runs.set(open.session, run);
    this.#parts.session.answers.begin(open);
    this.#begin(open, run, index).catch((error: unknown) => {
      if (error instanceof SessionOver || this.#isOver(open, run)) return;
      if (error instanceof ProtocolAbort) {
        logger.alarm('key generation aborted', {
          session: open.session,
          culprits: error.culprits.map((each) => participants[each - 1]?.nodeId).join(' '),
          error: error.message,
        });
        this.#accuse(open, run, index, error);
      } else {
        logger.error('key generation failed here', {
          session: open.session,
          error: String(error),
        });
      }
      this.#decline(open, run, 'aborted');
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

  /** The same at once, when a peer has just come back. */
  connected(): void {
    for (const run of this.#runs.values()) this.#resendRun(run);
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
  #closeOlder(open: KeygenAttempt): void {
    for (const [session, run] of this.#runs) {
      if (run.task !== open.task.id || session === open.session) continue;
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

  async #begin(open: KeygenAttempt, run: KeygenRun, index: number): Promise<void> {
    const { clock, self } = this.#context;
    const { keys } = this.#parts;
    const id = open.task.asked.keyId;
    const record = await keys.record(id, open.session);
    if (this.#isOver(open, run)) return;
    if (record !== undefined) return this.#sayAgain(open, record);
    const named = bootsOf(open).find(({ nodeId: node }) => node === self.id);
    if (named === undefined || toHex(named.boot) !== self.boot) {
      this.#decline(open, run, 'boot-changed');
      return;
    }
    if (clock.now() >= run.expireTimeMs) {
      this.#decline(open, run, 'expired');
      return;
    }
    const pending = await keys.pending(id);
    // The task may have closed, or another attempt begun, while the store was read.
    if (this.#isOver(open, run)) return;
    if (pending >= PENDING_SHARES_MAX) {
      this.#decline(open, run, 'pending-full');
      return;
    }
    await this.#generate(open, run, index);
  }

  /**
   * Says `ready` for a session of an earlier run. The crash may have come between the write and the reading back, which
   * `ready` speaks of too: so the share is opened first.
   */
  async #sayAgain(open: KeygenAttempt, record: Uint8Array): Promise<void> {
    const V = readyOf(record)?.sharing?.publicPolynomial ?? [];
    const { session, task } = open;
    const { keyId, algorithm } = task.asked;
    const { keys, facts } = this.#parts;
    const version = versionOf(open);
    const opened = await keys.load({ keyId, sessionId: session, version, V, algorithm });
    if (opened) facts.sayReady(task.id, record);
  }

  async #generate(open: KeygenAttempt, run: KeygenRun, index: number): Promise<void> {
    const { clock, outbox, rules, self } = this.#context;
    const { arithmetic, facts, keys } = this.#parts;
    const { compute, random, schemes } = arithmetic;
    const { asked } = open.task;
    const { sharing } = schemes[asked.algorithm];
    const session = startSession({
      protocol: keygen,
      groups: {},
      sessionId: open.record.sessionId,
      index,
      identityKeys: run.participants.map(({ identityKey }) => identityKey),
      signer: self.signer,
      verify: rules.verify,
      random,
      send: (to, envelope) => {
        const peer = run.participants[to - 1];
        if (peer !== undefined && clock.now() < run.expireTimeMs) {
          outbox.send(nodeId(peer.nodeId), { message: { $case: 'envelope', value: envelope } });
        }
      },
    });
    run.session = session;
    const made = generateKey(sharing, session.party, asked.threshold, random, compute);
    for (const { from, message } of this.#parts.session.early.take(open.session)) {
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
      const command = this.#sign(open, run, key, publicKey);
      await keys.keep({
        keyId: asked.keyId,
        sessionId: open.session,
        version: versionOf(open),
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

  /** The `ready` of this node, as it will stand in the log. It is said only once the share is durable. */
  #sign(open: KeygenAttempt, run: KeygenRun, key: NewKey, publicKey: Uint8Array): Uint8Array {
    const { rules, self } = this.#context;
    const { record, task } = open;
    const { asked } = task;
    const version = versionOf(open);
    const sharing: Sharing = {
      sessionId: record.sessionId,
      requestHash: task.record.requestHash,
      keyId: asked.keyId,
      algorithm: asked.algorithm,
      threshold: asked.threshold,
      participants: [...run.participants],
      baseVersion: baseVersionOf(version),
      version,
      publicPolynomial: [...key.V],
      publicKey,
      chainCode: key.chainCode,
      digest: key.digest,
    };
    const signature = self.signer.sign(readyBytes(rules.genesis.clusterId, sharing));
    return encodeCommand({ $case: 'ready', value: { nodeId: self.id, sharing, signature } });
  }

  /** Shows all voters the culprits' own messages. */
  #accuse(
    open: KeygenAttempt,
    run: KeygenRun,
    index: number,
    { culprits, evidence }: ProtocolAbort,
  ): void {
    const items = culprits.flatMap((culprit) => {
      const node = run.participants[culprit - 1]?.nodeId ?? '';
      const own = evidence.filter(({ from }) => from === culprit);
      return evidenceAgainst(open, node, own) ?? [];
    });
    if (items.length > 0) {
      const shown = { $case: 'evidence', value: { items } } as const;
      run.complaint = complaint(this.#context, open, index, shown);
    }
  }

  /** Digests that differ show that somebody told different things: what everybody was told shows who. */
  #compare(open: KeygenAttempt, index: number): void {
    const run = this.#runs.get(open.session);
    const [first, ...others] = open.task.record.ready.flatMap(({ sharing }) => sharing ?? []);
    if (run?.session === undefined || !run.made || run.complaint !== undefined) return;
    if (first === undefined || others.every(({ digest }) => equal(digest, first.digest))) return;
    const shown = { $case: 'transcript', value: transcriptOf(run.session.party) } as const;
    run.complaint = complaint(this.#context, open, index, shown);
    this.#resendRun(run);
  }

  #decline(open: KeygenAttempt, run: KeygenRun, reason: string): void {
    run.session?.close(new SessionOver(reason));
    run.session = undefined;
    run.declined = true;
    this.#resendRun(run);
    this.#parts.session.answers.decline(open, reason);
  }

  #resendRun(run: KeygenRun): void {
    run.session?.resend();
    if (run.complaint !== undefined) {
      this.#context.outbox.broadcast({ message: { $case: 'envelope', value: run.complaint } });
    }
  }
}

function bootsOf({ record }: KeygenAttempt): readonly BootedNode[] {
  const assignment = record.attempt?.assignment;
  return assignment?.$case === 'boots' ? assignment.value.nodes : [];
}

/** The version that an attempt makes. */
function versionOf({ record }: KeygenAttempt): number {
  return record.attempt?.version ?? FIRST_VERSION;
}
