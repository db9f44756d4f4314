import type { Millis, NodeId, PartyIndex, SessionId, TaskId } from '../../common/index.js';
import { DECLINED_KIND } from '../messages.js';
import { keyId, toHex } from '../../common/index.js';
import { publicOf, SHARE_KIND, signShareJob } from '../../frost/index.js';
import type { KeyManager, TakenNonce } from '../../keys/index.js';
import { signEnvelope } from '../../mpc/index.js';
import { signOf, slotsOf } from '../../state/index.js';
import type { ParsedSign } from '../../state/index.js';
import { Declined, encode, SignatureShare } from '../../wire/index.js';
import type { Contribution, KeyRecord, NonceSlot } from '../../wire/index.js';
import type { Commitments } from './commitments.js';
import { RESEND_MS } from '../limits.js';
import type { OpenSession, OpenTask } from '../open-tasks.js';
import { commitmentsOf } from '../sharing.js';
import type { TaskContext } from '../context.js';
import { wasCancelled } from '../arithmetic.js';
import type { Arithmetic } from '../arithmetic.js';
import { indexOf } from '../party-index.js';
import type { Work } from '../work.js';

type Answered = {
  readonly task: TaskId;
  readonly expireTimeMs: Millis;
  /** Nothing while the share is computed, or when it came back too late to be said. */
  contribution: Contribution | undefined;
  sentMs: Millis;
};

type Answer =
  | { readonly kind: typeof SHARE_KIND; readonly body: Uint8Array }
  | { readonly kind: typeof DECLINED_KIND; readonly body: Uint8Array };

/**
 * This node as a signer: one answer for each session that names it, decided in one synchronous step from the state as
 * applied here and a nonce that is in memory here. Neither the leader's word nor a replay leads to a share.
 */
export class Signing implements Work {
  readonly #context: TaskContext;
  readonly #arithmetic: Arithmetic;
  readonly #keys: KeyManager;
  readonly #commitments: Commitments;
  /** Sessions that an answer was begun for in this run, until their tasks close: each is answered once. */
  readonly #answered = new Map<SessionId, Answered>();

  constructor(
    context: TaskContext,
    arithmetic: Arithmetic,
    keys: KeyManager,
    commitments: Commitments,
  ) {
    this.#context = context;
    this.#arithmetic = arithmetic;
    this.#keys = keys;
    this.#commitments = commitments;
  }

  taskOpen(task: OpenTask): void {
    if (task.signs) for (const open of task.sessions) this.contribute(open);
  }

  /** Answers the session if it names this node and no answer was begun yet. The share is computed meanwhile. */
  contribute(open: OpenSession): void {
    const { self, clock, consensus } = this.#context;
    const { key } = open.task;
    const own = slotsOf(open.attempt.attempt).find(({ nodeId }) => nodeId === self.id);
    if (key === undefined || own === undefined || this.#answered.has(open.session)) return;
    // Before that, "open" may only mean that the outcome is not applied here yet.
    if (!consensus.status().current) return;

    const answered: Answered = {
      task: open.task.id,
      expireTimeMs: open.task.expireTimeMs,
      contribution: undefined,
      sentMs: clock.elapsed(),
    };
    this.#answered.set(open.session, answered);
    const answer = this.#answer(open, key, own);
    this.#commitments.used(keyId(key.keyId));
    void this.#send(open, key, answered, answer);
  }

  /** Says the answer once it is there, if it is still of use then. */
  async #send(
    open: OpenSession,
    key: KeyRecord,
    answered: Answered,
    answer: Answer | Promise<Answer>,
  ): Promise<void> {
    const { self, clock, logger } = this.#context;
    const { kind, body } = await answer;
    const shared = kind === SHARE_KIND;
    const next = shared ? this.#commitments.next(key) : await this.#commitments.fresh(key);
    // What held when the nonce was taken need not hold any more: the task may be closed, the node stopped, the time over.
    if (this.#answered.get(open.session) !== answered) return;
    if (shared && clock.now() >= open.task.expireTimeMs) return;
    const index = indexOf(key.participants, self.id);
    const envelope = signEnvelope(self.signer, open.attempt.sessionId, kind, index, 0, body);
    answered.contribution = { envelope, keyId: key.keyId, version: key.version, next: [...next] };
    answered.sentMs = clock.elapsed();
    logger.debug('contributed', { session: open.session, task: open.task.id, kind });
    this.#context.outbox.broadcast({
      message: { $case: 'contribution', value: answered.contribution },
    });
  }

  /** Sends again what may have been lost: the same bytes, while it can still be of use. */
  tick(): void {
    const { clock } = this.#context;
    for (const answered of this.#answered.values()) {
      const { contribution } = answered;
      const due = clock.elapsed() - answered.sentMs >= RESEND_MS;
      if (contribution === undefined || !due || clock.now() >= answered.expireTimeMs) continue;
      answered.sentMs = clock.elapsed();
      this.#context.outbox.broadcast({ message: { $case: 'contribution', value: contribution } });
    }
  }

  /** The same for one peer that has just come back. */
  connected(peer: NodeId): void {
    const now = this.#context.clock.now();
    for (const { contribution, expireTimeMs } of this.#answered.values()) {
      if (contribution !== undefined && now < expireTimeMs) {
        this.#context.outbox.send(peer, {
          message: { $case: 'contribution', value: contribution },
        });
      }
    }
  }

  taskClosed(task: TaskId): void {
    for (const [session, answered] of this.#answered) {
      if (answered.task === task) this.#answered.delete(session);
    }
  }

  /** Nothing leaves any more, what is being computed included. */
  close(): void {
    this.#answered.clear();
  }

  get busy(): boolean {
    return this.#answered.size > 0;
  }

  /** No `await` from the checks to the taking: what was checked still holds when the nonce is given away. */
  #answer(open: OpenSession, key: KeyRecord, own: NonceSlot): Answer | Promise<Answer> {
    const { clock, self } = this.#context;
    const { boot } = self;
    const asked = signOf(open.task.record);
    const suite = this.#arithmetic.suiteOf(key.algorithm);
    if (asked === undefined || suite === undefined) return declined('unsupported');
    if (toHex(own.boot) !== boot) return declined('boot-changed');
    if (clock.now() >= open.task.expireTimeMs) return declined('expired');

    const taken = this.#keys.take(keyId(key.keyId), key.version, own);
    if (taken === 'gone') return declined('nonce-gone');
    if (taken === 'other-bytes') return declined('nonce-mismatch');
    return this.#share(open, key, taken, asked);
  }

  /** Has the share computed. The nonce is moved there, and gone whatever comes of it. */
  async #share(
    open: OpenSession,
    key: KeyRecord,
    { index, scalar, d, e }: TakenNonce,
    { message, path }: ParsedSign,
  ): Promise<Answer> {
    const { logger } = this.#context;
    const input = {
      algorithm: key.algorithm,
      key: publicOf(key, path),
      share: { index, scalar },
      nonce: { d, e },
      B: commitmentsOf(open, key),
      message,
    };
    const session = { session: open.session, key: key.keyId };
    try {
      const signed = await this.#arithmetic.compute.run(signShareJob, input, [scalar, d, e]);
      if ('share' in signed) {
        return { kind: SHARE_KIND, body: encode(SignatureShare, { share: signed.share }) };
      }
      if (signed.declined === 'wrong-share') {
        logger.alarm('an own signature share failed its check', session);
      }
      return declined(signed.declined, signed.index);
    } catch (error) {
      const level = wasCancelled(error) ? 'debug' : 'error';
      logger[level]('a signature share was not computed', { ...session, error: String(error) });
      return declined('nonce-gone');
    }
  }
}

function declined(reason: string, index: PartyIndex = 0): Answer {
  return { kind: DECLINED_KIND, body: encode(Declined, { reason, index }) };
}
