import type { Millis, NodeId, PartyIndex, SessionId, TaskId } from '../../common/index.js';
import { keyId, toHex } from '../../common/index.js';
import { wipe } from '../../crypto/index.js';
import { signShare } from '../../frost/index.js';
import { signEnvelope } from '../../mpc/index.js';
import { messageOf, slotsOf } from '../../state/index.js';
import { Declined, encode, SignatureShare } from '../../wire/index.js';
import type { Contribution, KeyRecord, NonceSlot } from '../../wire/index.js';
import type { Commitments } from './commitments.js';
import { RESEND_MS } from '../limits.js';
import type { OpenSession } from '../open-tasks.js';
import { commitmentsOf, publicOf } from './sharing.js';
import type { Surroundings } from '../surroundings.js';
import { indexOf } from '../surroundings.js';

type Answered = {
  readonly task: TaskId;
  readonly contribution: Contribution;
  readonly expireTimeMs: Millis;
  sentMs: Millis;
};

type Answer =
  | { readonly kind: 'SHARE'; readonly body: Uint8Array }
  | { readonly kind: 'DECLINED'; readonly body: Uint8Array };

/**
 * This node as a signer: one answer for each session that names it, made in one synchronous step from the state as
 * applied here and a nonce that is in memory here. Neither the leader's word nor a replay leads to a share.
 */
export class Signing {
  readonly #around: Surroundings;
  readonly #commitments: Commitments;
  /** Sessions answered in this run, until their tasks close: each is answered once. */
  readonly #answered = new Map<SessionId, Answered>();

  constructor(around: Surroundings, commitments: Commitments) {
    this.#around = around;
    this.#commitments = commitments;
  }

  /** Answers the session if it names this node and is not answered yet. */
  contribute(open: OpenSession): void {
    const { self, clock, consensus, logger } = this.#around;
    const { key } = open.task;
    const own = slotsOf(open.attempt.attempt).find(({ nodeId }) => nodeId === self);
    if (key === undefined || own === undefined || this.#answered.has(open.session)) return;
    // Before that, "open" may only mean that the outcome is not applied here yet.
    if (!consensus.status().current) return;

    const index = indexOf(key.participants, self);
    const answer = this.#answer(open, key, own);
    const shared = answer.kind === 'SHARE';
    if (shared && clock.now() >= open.task.expireTimeMs) return;
    const { signer } = this.#around;
    const envelope = signEnvelope(
      signer,
      open.attempt.sessionId,
      answer.kind,
      index,
      0,
      answer.body,
    );
    this.#commitments.used(keyId(key.keyId));
    const contribution: Contribution = {
      envelope,
      keyId: key.keyId,
      version: key.version,
      next: [...(shared ? this.#commitments.next(key) : this.#commitments.fresh(key))],
    };
    const answered: Answered = {
      task: open.task.id,
      contribution,
      expireTimeMs: open.task.expireTimeMs,
      sentMs: clock.elapsed(),
    };
    this.#answered.set(open.session, answered);
    logger.debug('contributed', { session: open.session, task: open.task.id, kind: answer.kind });
    this.#around.broadcast({ message: { $case: 'contribution', value: contribution } });
  }

  /** Sends again what may have been lost: the same bytes, while it can still be of use. */
  resend(): void {
    const { clock } = this.#around;
    for (const answered of this.#answered.values()) {
      const due = clock.elapsed() - answered.sentMs >= RESEND_MS;
      if (!due || clock.now() >= answered.expireTimeMs) continue;
      answered.sentMs = clock.elapsed();
      this.#around.broadcast({
        message: { $case: 'contribution', value: answered.contribution },
      });
    }
  }

  /** The same for one peer that has just come back. */
  resendTo(peer: NodeId): void {
    const now = this.#around.clock.now();
    for (const { contribution, expireTimeMs } of this.#answered.values()) {
      if (now < expireTimeMs) {
        this.#around.send(peer, { message: { $case: 'contribution', value: contribution } });
      }
    }
  }

  closed(task: TaskId): void {
    for (const [session, answered] of this.#answered) {
      if (answered.task === task) this.#answered.delete(session);
    }
  }

  get busy(): boolean {
    return this.#answered.size > 0;
  }

  /** No `await` from the checks to the share: what was checked still holds when the nonce is gone. */
  #answer(open: OpenSession, key: KeyRecord, own: NonceSlot): Answer {
    const { boot, clock, keys, logger, suiteOf } = this.#around;
    const message = messageOf(open.task.record);
    const suite = suiteOf(key.algorithm);
    if (message === undefined || suite === undefined) return declined('unsupported');
    if (toHex(own.boot) !== boot) return declined('boot-changed');
    if (clock.now() >= open.task.expireTimeMs) return declined('expired');

    const taken = keys.take(keyId(key.keyId), key.version, own);
    if (taken === 'gone') return declined('nonce-gone');
    if (taken === 'other-bytes') return declined('nonce-mismatch');
    try {
      const signed = signShare(
        suite,
        publicOf(key),
        { index: taken.index, scalar: taken.scalar },
        { d: taken.d, e: taken.e },
        commitmentsOf(open, key),
        message,
      );
      if ('share' in signed) {
        return { kind: 'SHARE', body: encode(SignatureShare, { share: signed.share }) };
      }
      if (signed.declined === 'wrong-share') {
        logger.alarm('an own signature share failed its check', {
          session: open.session,
          key: key.keyId,
        });
      }
      return declined(signed.declined, signed.index);
    } finally {
      wipe(taken.scalar, taken.d, taken.e);
    }
  }
}

function declined(reason: string, index: PartyIndex = 0): Answer {
  return { kind: 'DECLINED', body: encode(Declined, { reason, index }) };
}
