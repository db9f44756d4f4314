import type { Millis, NodeId, SessionId, TaskId } from '../../common/index.js';
import { DECLINED_KIND } from '../messages.js';
import { equal, keyId, nodeId, toHex } from '../../common/index.js';
import { wipe } from '../../crypto/index.js';
import { generateKey, keygen } from '../../sharing/index.js';
import type { KeygenRounds, NewKey } from '../../sharing/index.js';
import { publicKeyJob } from '../../frost/index.js';
import { readyBytes } from '../../identity/index.js';
import type { KeyManager } from '../../keys/index.js';
import { ProtocolAbort, signEnvelope, startSession, TO_ALL } from '../../mpc/index.js';
import type { Session } from '../../mpc/index.js';
import type { ParsedGenerateKey } from '../../state/index.js';
import { encodeCommand, generateKeyOf, participantsOf } from '../../state/index.js';
import { Declined, encode, Envelope } from '../../wire/index.js';
import type { BootedNode, KeyParticipant, Ready } from '../../wire/index.js';
import { complaint, evidenceAgainst, transcriptOf } from '../blame/complaining.js';
import { EarlyMessages } from '../voter/early-messages.js';
import { readyOf } from './facts.js';
import type { Facts } from './facts.js';
import { PENDING_SHARES_MAX, RESEND_MS } from '../limits.js';
import type { OpenSession, OpenTask } from '../open-tasks.js';
import type { Arithmetic } from '../arithmetic.js';
import type { TaskContext } from '../context.js';
import { indexOf } from '../party-index.js';
import type { Work } from '../work.js';

type Run = {
  readonly task: TaskId;
  /** Absent once this node has declined. */
  session: Session<KeygenRounds> | undefined;
  /** Its messages have all come, and made a key. */
  made: boolean;
  declined: Envelope | undefined;
  /** What others are to see of what came here. */
  complaint: Envelope | undefined;
  readonly participants: readonly KeyParticipant[];
  readonly expireTimeMs: Millis;
  /** A newer attempt took its place. */
  superseded: boolean;
  sentMs: Millis;
};

/** Ends a session without a result and without blame. */
class SessionOver extends Error {
  override readonly name = 'SessionOver';
}

/**
 * This node as a participant of key generations: runs the newest attempt that names this run of its process, keeps the
 * share, and only then has something to say in the log.
 */
export class Generating implements Work {
  readonly #context: TaskContext;
  readonly #arithmetic: Arithmetic;
  readonly #keys: KeyManager;
  readonly #facts: Facts;
  /** Sessions begun in this run, until their tasks close: each is begun once. */
  readonly #runs = new Map<SessionId, Run>();
  readonly #early = new EarlyMessages<Envelope>();

  constructor(context: TaskContext, arithmetic: Arithmetic, keys: KeyManager, facts: Facts) {
    this.#context = context;
    this.#arithmetic = arithmetic;
    this.#keys = keys;
    this.#facts = facts;
  }

  taskOpen({ signs, sessions }: OpenTask): void {
    const newest = sessions.at(-1);
    if (!signs && newest !== undefined) this.contribute(newest);
  }

  /** Does what the newest attempt wants of this node: says `ready` again, starts the session, or declines it. */
  contribute(open: OpenSession): void {
    const { self, consensus, rules, logger } = this.#context;
    const asked = generateKeyOf(open.task.record);
    const participants = participantsOf(open.task.record, rules.genesis);
    const index = indexOf(participants, self.id);
    if (asked === undefined || index === 0) return;
    this.#closeOlder(open);
    this.#compare(open, index);
    if (this.#runs.has(open.session) || !consensus.status().current) return;

    const run: Run = {
      task: open.task.id,
      session: undefined,
      made: false,
      declined: undefined,
      complaint: undefined,
      participants,
      expireTimeMs: open.task.expireTimeMs,
      superseded: false,
      sentMs: this.#context.clock.elapsed(),
    };
    this.#runs.set(open.session, run);
    this.#begin(open, asked, run, index).catch((error: unknown) => {
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
      this.#decline(open, run, index, 'aborted');
    });
  }

  receive(from: NodeId, session: SessionId, envelope: Envelope): void {
    const run = this.#runs.get(session);
    if (run?.superseded === true || run?.declined !== undefined) return;
    if (run?.session === undefined) {
      const { length } = encode(Envelope, envelope);
      this.#early.keep(from, session, envelope, length, this.#context.clock.elapsed());
      return;
    }
    run.session.receive(indexOf(run.participants, from), envelope);
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
  #closeOlder(open: OpenSession): void {
    for (const [session, run] of this.#runs) {
      if (run.task !== open.task.id || session === open.session) continue;
      run.session?.close(new SessionOver('a newer attempt took its place'));
      run.session = undefined;
      run.declined = undefined;
      run.complaint = undefined;
      run.superseded = true;
    }
  }

  /** Whether there is no use for what `run` still does: its task is closed, or has a newer attempt. */
  #isOver({ session }: OpenSession, run: Run): boolean {
    return run.superseded || this.#runs.get(session) !== run;
  }

  async #begin(
    open: OpenSession,
    asked: ParsedGenerateKey,
    run: Run,
    index: number,
  ): Promise<void> {
    const { clock, self } = this.#context;
    const keys = this.#keys;
    const id = keyId(asked.keyId);
    const record = await keys.record(id, open.session);
    if (this.#isOver(open, run)) return;
    if (record !== undefined) return this.#sayAgain(open, asked, record);
    const named = bootsOf(open).find(({ nodeId: node }) => node === self.id);
    if (named === undefined || toHex(named.boot) !== self.boot) {
      this.#decline(open, run, index, 'boot-changed');
      return;
    }
    if (clock.now() >= run.expireTimeMs) {
      this.#decline(open, run, index, 'expired');
      return;
    }
    const pending = await keys.pending(id);
    // The task may have closed, or another attempt begun, while the store was read.
    if (this.#isOver(open, run)) return;
    if (pending >= PENDING_SHARES_MAX) {
      this.#decline(open, run, index, 'pending-full');
      return;
    }
    await this.#generate(open, asked, run, index);
  }

  /**
   * Says `ready` for a session of an earlier run. The crash may have come between the write and the reading back, which
   * `ready` speaks of too: so the share is opened first.
   */
  async #sayAgain(open: OpenSession, asked: ParsedGenerateKey, record: Uint8Array): Promise<void> {
    const V = readyOf(record)?.publicPolynomial ?? [];
    const opened = await this.#keys.load({
      keyId: keyId(asked.keyId),
      sessionId: open.session,
      version: 1,
      V,
      algorithm: asked.algorithm,
    });
    if (opened) this.#facts.sayReady(open.task.id, record);
  }

  async #generate(
    open: OpenSession,
    asked: ParsedGenerateKey,
    run: Run,
    index: number,
  ): Promise<void> {
    const { clock, outbox, rules, self } = this.#context;
    const { compute, random, suiteOf } = this.#arithmetic;
    const suite = suiteOf(asked.algorithm);
    if (suite === undefined) {
      this.#decline(open, run, index, 'unsupported');
      return;
    }
    const session = startSession({
      protocol: keygen,
      groups: {},
      sessionId: open.attempt.sessionId,
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
    const made = generateKey(suite, session.party, asked.threshold, random, compute);
    for (const { from, message } of this.#early.take(open.session)) {
      session.receive(indexOf(run.participants, from), message);
    }
    const key = await made;
    run.made = true;
    try {
      const [V_0 = new Uint8Array()] = key.V;
      const { algorithm } = asked;
      const publicKey = await compute.run(publicKeyJob, { algorithm, V_0 });
      // Left to chance, which does not do it: no participant is to blame.
      if (publicKey === undefined) throw new ProtocolAbort('The sharing gives no public key', []);
      const command = this.#sign(open, asked, run, key, publicKey);
      await this.#keys.keep({
        keyId: keyId(asked.keyId),
        sessionId: open.session,
        version: 1,
        algorithm: asked.algorithm,
        threshold: asked.threshold,
        V: key.V,
        publicKey,
        index,
        scalar: key.share.scalar,
        record: command,
      });
      this.#facts.sayReady(run.task, command);
    } finally {
      wipe(key.share.scalar);
    }
  }

  /** The `ready` of this node, as it will stand in the log. It is said only once the share is durable. */
  #sign(
    open: OpenSession,
    asked: ParsedGenerateKey,
    run: Run,
    key: NewKey,
    publicKey: Uint8Array,
  ): Uint8Array {
    const { rules, self } = this.#context;
    const unsigned: Ready = {
      nodeId: self.id,
      sessionId: open.attempt.sessionId,
      requestHash: open.task.record.requestHash,
      keyId: asked.keyId,
      algorithm: asked.algorithm,
      threshold: asked.threshold,
      participants: [...run.participants],
      baseVersion: 0,
      version: 1,
      publicPolynomial: [...key.V],
      publicKey,
      chainCode: key.chainCode,
      digest: key.digest,
      signature: new Uint8Array(0),
    };
    const signature = self.signer.sign(readyBytes(rules.genesis.clusterId, unsigned));
    return encodeCommand({ $case: 'ready', value: { ...unsigned, signature } });
  }

  /** Shows all voters the culprits' own messages. */
  #accuse(open: OpenSession, run: Run, index: number, { culprits, evidence }: ProtocolAbort): void {
    const items = culprits.flatMap((culprit) => {
      const node = run.participants[culprit - 1]?.nodeId ?? '';
      const own = evidence.filter(({ from }) => from === culprit);
      return evidenceAgainst(this.#context, open, node, own) ?? [];
    });
    if (items.length > 0) {
      const shown = { $case: 'evidence', value: { items } } as const;
      run.complaint = complaint(this.#context, open, index, shown);
    }
  }

  /** Digests that differ show that somebody told different things: what everybody was told shows who. */
  #compare(open: OpenSession, index: number): void {
    const run = this.#runs.get(open.session);
    const [first, ...others] = open.task.record.ready;
    if (run?.session === undefined || !run.made || run.complaint !== undefined) return;
    if (first === undefined || others.every(({ digest }) => equal(digest, first.digest))) return;
    const shown = { $case: 'transcript', value: transcriptOf(run.session.party) } as const;
    run.complaint = complaint(this.#context, open, index, shown);
    this.#resendRun(run);
  }

  #decline(open: OpenSession, run: Run, index: number, reason: string): void {
    run.session?.close(new SessionOver(reason));
    run.session = undefined;
    run.declined = signEnvelope(
      this.#context.self.signer,
      open.attempt.sessionId,
      DECLINED_KIND,
      index,
      TO_ALL,
      encode(Declined, { reason, index: 0 }),
    );
    this.#resendRun(run);
  }

  #resendRun(run: Run): void {
    run.session?.resend();
    if (run.complaint !== undefined) {
      this.#context.outbox.broadcast({ message: { $case: 'envelope', value: run.complaint } });
    }
    if (run.declined !== undefined) {
      const value = { envelope: run.declined, keyId: '', version: 0, next: [] };
      this.#context.outbox.broadcast({ message: { $case: 'contribution', value } });
    }
  }
}

function bootsOf({ attempt }: OpenSession): readonly BootedNode[] {
  const assignment = attempt.attempt?.assignment;
  return assignment?.$case === 'boots' ? assignment.value.nodes : [];
}
