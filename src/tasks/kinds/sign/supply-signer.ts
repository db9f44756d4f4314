import type { PartyIndex } from '../../../common/index.js';
import { keyId, sessionId, toHex } from '../../../common/index.js';
import { signShareJob } from '../../../algorithms/index.js';
import { SHARE_KIND } from '../../../frost/index.js';
import { algorithmOf } from '../../../identity/index.js';
import type { TakenSupply } from '../../../keys/index.js';
import { sharedKey } from '../../../sharing/index.js';
import { signedBytes, suppliesOf } from '../../../state/index.js';
import type { ActiveKey, ParsedSign } from '../../../state/index.js';
import { encode, SignatureShare } from '../../../wire/index.js';
import type { FreshSupplies, Supply } from '../../../wire/index.js';
import { wasCancelled } from '../../arithmetic.js';
import type { LiveAttempt, LiveTask } from '../../live-tasks.js';
import { AUDIT_BEHIND } from '../../participant/answers.js';
import type { AttemptRefusal } from '../../participant/answers.js';
import type { ParticipantContext, ParticipantDriver } from '../driver.js';
import { isOver, VERSION_OVER } from './session-basis.js';
import { signersOf } from './signers.js';

/** A signature share, or why there is none. */
type ShareOrReason = { readonly share: Uint8Array } | AttemptRefusal;

/**
 * This node as a signer with supplies: one answer for each session that names it, decided in one synchronous step from the state as
 * applied here and a nonce that is in memory here. Neither the leader's word nor a replay leads to a share.
 */
export class SupplySigner implements ParticipantDriver<ParsedSign> {
  readonly #parts: ParticipantContext;

  constructor(parts: ParticipantContext) {
    this.#parts = parts;
  }

  contribute(task: LiveTask<ParsedSign>): void {
    for (const attempt of task.attempts) this.#answer(attempt);
  }

  /** Answers the session if it names this node and no answer was begun yet. The share is computed meanwhile. */
  #answer(attempt: LiveAttempt<ParsedSign>): void {
    const { context, session, supply } = this.#parts;
    const { self, consensus } = context;
    const { key } = attempt;
    const own = suppliesOf(attempt.record.attempt).find(({ nodeId }) => nodeId === self.id);
    if (own === undefined) return;
    // Before that, "open" may only mean that the outcome is not applied here yet.
    if (!consensus.status().current || !session.answers.begin(attempt)) return;

    if (key === undefined) return session.answers.decline(attempt, { reason: VERSION_OVER });
    const share = this.#take(attempt, key, own);
    supply.countUse(keyId(key.keyId));
    void this.#send(attempt, attempt.task.key ?? key, share);
  }

  /**
   * Says the answer once it is there, if it is still of use then.
   *
   * @param active - The key as the next attempts name it.
   */
  async #send(
    attempt: LiveAttempt<ParsedSign>,
    active: ActiveKey,
    computed: ShareOrReason | Promise<ShareOrReason>,
  ): Promise<void> {
    const { session, supply } = this.#parts;
    const answer = await computed;
    const untold = (): FreshSupplies | undefined => supply.takeUntold(active);
    if ('share' in answer) {
      const body = encode(SignatureShare, { share: answer.share });
      session.answers.contribute(attempt, SHARE_KIND, body, untold);
      supply.refill(active);
    } else {
      await supply.refillForRefusal(active);
      session.answers.decline(attempt, answer, untold);
    }
  }

  /** No `await` from the checks to the taking: what was checked still holds when the nonce is given away. */
  #take(
    attempt: LiveAttempt<ParsedSign>,
    key: ActiveKey,
    own: Supply,
  ): ShareOrReason | Promise<ShareOrReason> {
    const { context, keys } = this.#parts;
    const { clock, self } = context;
    if (toHex(own.boot) !== self.boot) return declined('boot-changed');
    if (clock.now() >= attempt.task.expireTimeMs) return declined('expired');
    if (context.isAuditBehind?.() === true) return AUDIT_BEHIND;

    // A share of another session, whose attempt came to nothing, may be open under the same version.
    const [id, session] = [keyId(key.keyId), sessionId(toHex(key.sessionId))];
    const isOpen = keys.isLoaded(id, key.version, session);
    const taken = isOpen ? keys.take(id, key.version, own) : 'gone';
    if (taken === 'gone') return declined(isOver(attempt) ? VERSION_OVER : 'nonce-gone');
    if (taken === 'other-bytes') return declined('nonce-mismatch');
    return this.#compute(attempt, key, taken);
  }

  /** Has the share computed. The nonce is moved there, and gone in every case. */
  async #compute(
    attempt: LiveAttempt<ParsedSign>,
    key: ActiveKey,
    { index, scalar, secret }: TakenSupply,
  ): Promise<ShareOrReason> {
    const { context, arithmetic } = this.#parts;
    const { payload, path } = attempt.task.asked;
    const input = {
      algorithm: algorithmOf(key),
      key: sharedKey(key, path),
      share: { index, scalar },
      secret,
      signers: signersOf(attempt, key),
      message: signedBytes(payload),
    };
    const { logger } = context;
    const session = { session: attempt.session, key: key.keyId };
    try {
      const signed = await arithmetic.compute.run(signShareJob, input);
      if ('share' in signed) return signed;
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

function declined(reason: string, index?: PartyIndex): ShareOrReason {
  return { reason, index };
}
