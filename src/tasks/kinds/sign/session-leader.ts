import { keyId, nodeId, refusal } from '../../../common/index.js';
import type { Millis, NodeId, Refusal } from '../../../common/index.js';
import { auxiliaryOf, setOfKey, signersOf } from '../../../state/index.js';
import type { ActiveKey, NewTask, ParsedSign } from '../../../state/index.js';
import type { Attempt, Declined } from '../../../wire/index.js';
import { blamedByAborted } from '../../leader/aborted.js';
import { candidates } from '../../leader/plan.js';
import { isReached, reachedOf } from '../../leader/reached.js';
import { SESSION_HEDGE_MS, SESSION_HEDGE_PER_SIGNER_MS, SESSION_WAITS } from '../../limits.js';
import type { LiveAttempt, LiveTask } from '../../live-tasks.js';
import type { AttemptDue, DeclineMeaning, LeaderContext } from '../driver.js';

/** The leader's part in signatures that are made in sessions: names t members of the set's active generation, who can be reached. */
export class SessionLeader {
  readonly #parts: LeaderContext;

  constructor(parts: LeaderContext) {
    this.#parts = parts;
  }

  checkReach(key: ActiveKey): Refusal | undefined {
    const able = this.#able(key).length;
    return able >= key.threshold
      ? undefined
      : refusal(
          'no-quorum',
          'SIGNERS_UNREACHABLE',
          `Only ${able} of the ${key.threshold} signers that key ${keyId(key.keyId)} needs can be reached`,
        );
  }

  firstAttempt({ taskId, content: requestHash }: NewTask, key: ActiveKey): Attempt | undefined {
    const { assigner, culprits } = this.#parts;
    const able = this.#able(key);
    const trusted = able.filter((node) => !culprits.has(node));
    const proved = able.filter((node) => culprits.has(node));
    const of = { taskId, requestHash, number: 1 };
    return assigner.withSession(of, key, trusted, proved, this.#auxiliary(key));
  }

  firstDelayMs({ threshold }: ActiveKey): Millis {
    return SESSION_HEDGE_MS + SESSION_HEDGE_PER_SIGNER_MS * threshold;
  }

  nextAttempt(
    { id, record }: LiveTask<ParsedSign>,
    key: ActiveKey,
    number: number,
    due: AttemptDue,
  ): Attempt | undefined {
    const able = this.#able(key);
    const { first, lastResort } = candidates(
      due.plan,
      able,
      key.threshold,
      due.overdue(),
      due.short,
    );
    const of = { taskId: id, requestHash: record.requestHash, number };
    return this.#parts.assigner.withSession(of, key, first, lastResort, this.#auxiliary(key));
  }

  /**
   * A session waits for its slowest signer: one that is heard computes, and is waited for several times as long; in each attempt twice
   * as long as in the one before, since on a busy machine another one only adds to the work.
   *
   * @param number - Of the attempt, from 1.
   */
  isUnderWay(key: ActiveKey, missing: readonly NodeId[], ageMs: Millis, number: number): boolean {
    const isBusy = missing.every((node) => isReached(this.#parts, node));
    return isBusy && ageMs < SESSION_WAITS * this.firstDelayMs(key) * 2 ** (number - 1);
  }

  onDeclined(
    attempt: LiveAttempt<ParsedSign>,
    declined: Declined,
  ): DeclineMeaning | Promise<DeclineMeaning> {
    if (declined.reason !== 'aborted') return {};
    return blamedByAborted(this.#parts.context, this.#parts.culprits, attempt, declined);
  }

  /** The members of the active generation that answer. */
  #able(key: ActiveKey): readonly NodeId[] {
    const members = new Set(signersOf(this.#parts.state.view, key).map(nodeId));
    return reachedOf(this.#parts, key.participants).filter((node) => members.has(node));
  }

  #auxiliary(key: ActiveKey): Attempt['auxiliary'] {
    const set = setOfKey(key);
    return set && auxiliaryOf(this.#parts.state.view, set);
  }
}
