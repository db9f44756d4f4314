import { keyId, nodeId, refusal } from '../../../common/index.js';
import type { Millis, NodeId, Refusal } from '../../../common/index.js';
import { BoundedCache } from '../../../crypto/index.js';
import { auxiliaryOf, isSign, setOfKey, signersOf } from '../../../state/index.js';
import type { ActiveKey, NewTask, ParsedRequest } from '../../../state/index.js';
import type { Attempt, Declined } from '../../../wire/index.js';
import type { AttemptOf } from '../../leader/assigner.js';
import { blamedByAborted } from '../../leader/aborted.js';
import { candidates } from '../../leader/plan.js';
import { isReached, reachedOf } from '../../leader/reached.js';
import {
  ONLINE_HEDGE_MS,
  ONLINE_HEDGE_PER_SIGNER_MS,
  REFUSED_TASKS_MAX,
  SESSION_HEDGE_MS,
  SESSION_HEDGE_PER_SIGNER_MS,
  SESSION_WAITS,
} from '../../limits.js';
import type { LiveAttempt, LiveTask } from '../../live-tasks.js';
import type { AttemptDue, DeclineMeaning, LeaderContext } from '../driver.js';
import { ReportedSilence } from './reported-silence.js';
import { FAILED_TOO_OFTEN, SILENT_IN_BLAME, SILENT_NODE } from './session-refusals.js';

/**
 * The leader's part in sessions of threshold ECDSA: names t members of the set's active generation, who can be reached; for the first
 * attempt at a signature those that hold a presignature, if there is one.
 */
export class SessionLeader {
  readonly #parts: LeaderContext;
  readonly #silence: ReportedSilence;
  /** Signers that refuse a version which has failed too often, by task. */
  readonly #refused = new BoundedCache<Set<string>>(REFUSED_TASKS_MAX);

  constructor(parts: LeaderContext) {
    this.#parts = parts;
    this.#silence = new ReportedSilence(parts);
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

  firstAttempt(
    { taskId, content: requestHash, asked }: NewTask,
    key: ActiveKey,
  ): Attempt | undefined {
    const { assigner, culprits } = this.#parts;
    const { heard, silent } = this.#bySilence(this.#able(key));
    const trusted = heard.filter((node) => !culprits.has(node));
    const proved = heard.filter((node) => culprits.has(node));
    const of = { taskId, requestHash, number: 1 };
    const presigned = this.#withPresignature(of, asked, key);
    if (presigned !== undefined) return presigned;
    const isEnough = trusted.length + proved.length >= key.threshold;
    const lastResort = isEnough ? proved : [...proved, ...silent];
    return assigner.withSession(of, key, trusted, lastResort, this.#auxiliary(key));
  }

  /** @param isOnline - Whether the attempt names a presignature: it has one round and not seven. */
  firstDelayMs(key: ActiveKey | undefined, isOnline = false): Millis {
    const threshold = key?.threshold ?? 0;
    return isOnline
      ? ONLINE_HEDGE_MS + ONLINE_HEDGE_PER_SIGNER_MS * threshold
      : SESSION_HEDGE_MS + SESSION_HEDGE_PER_SIGNER_MS * threshold;
  }

  /** Whether enough signers are left of whom no evidence of the task speaks. */
  canReplace({ id, key }: LiveTask, node: NodeId): boolean {
    if (key === undefined) return true;
    const { culprits, state } = this.#parts;
    const left = signersOf(state.view, key).filter(
      (each) => each !== node && !culprits.provedIn(id, nodeId(each)),
    );
    return left.length >= key.threshold;
  }

  nextAttempt(
    { id, record, asked }: LiveTask,
    key: ActiveKey,
    number: number,
    due: AttemptDue,
  ): Attempt | undefined {
    const { plan, short } = due;
    const of = { taskId: id, requestHash: record.requestHash, number };
    // Later attempts do without: the next presignature may be gone as well.
    const presigned = number === 1 ? this.#withPresignature(of, asked, key) : undefined;
    if (presigned !== undefined) return presigned;
    const { heard, silent } = this.#bySilence(this.#able(key));
    const { first, lastResort } = candidates(plan, heard, key.threshold, due.overdue(), short);
    const isEnough = first.length + lastResort.length >= key.threshold;
    const rest = isEnough ? lastResort : [...lastResort, ...silent];
    const auxiliary = this.#auxiliary(key);
    return this.#parts.assigner.withSession(of, key, first, rest, auxiliary, isSign(asked));
  }

  /**
   * A session waits for its slowest signer: one that is heard computes, and is waited for several times as long; in each attempt twice
   * as long as in the one before, since on a busy machine another one only adds to the work.
   *
   * @param number - Of the attempt, from 1.
   * @param isOnline - As in {@link firstDelayMs}.
   */
  isUnderWay(
    key: ActiveKey,
    missing: readonly NodeId[],
    ageMs: Millis,
    number: number,
    isOnline = false,
  ): boolean {
    const isBusy = missing.every((node) => isReached(this.#parts, node));
    const delayMs = this.firstDelayMs(key, isOnline);
    return isBusy && ageMs < SESSION_WAITS * delayMs * 2 ** (number - 1);
  }

  onDeclined(
    attempt: LiveAttempt,
    declined: Declined,
    from: NodeId,
  ): DeclineMeaning | Promise<DeclineMeaning> {
    const { context, culprits, failures } = this.#parts;
    switch (declined.reason) {
      case 'aborted':
        return blamedByAborted(context, culprits, attempt, declined);
      case SILENT_IN_BLAME.reason:
        return this.#silence.meaning(attempt, declined, from);
      case SILENT_NODE.reason: {
        // The word of one node alone leaves out that node alone.
        const named = attempt.participants[declined.index - 1]?.nodeId ?? '';
        return failures.wasSilent(named) ? { blamed: nodeId(named) } : {};
      }
      case FAILED_TOO_OFTEN.reason:
        return this.#locked(attempt, from) ? { hopeless: 'SIGNING_LOCKED' } : {};
      default:
        return {};
    }
  }

  /** A bare digest has none: a digest could be chosen for a presignature that is known. */
  #withPresignature(of: AttemptOf, asked: ParsedRequest, key: ActiveKey): Attempt | undefined {
    if (!isSign(asked) || asked.payload.form === 'digest') return undefined;
    const pooled = this.#parts.presignatures.take(key);
    if (pooled === undefined) return undefined;
    const { version, sharingSession, auxiliary, assignment } = pooled.attempt;
    const bound = { version, sharingSession, auxiliary, assignment };
    return { ...of, ...bound, dealers: [], presignature: pooled.id };
  }

  /** Whether too few signers are left, since this one refuses too, that have not seen the version fail too often. */
  #locked({ task, key }: LiveAttempt, from: NodeId): boolean {
    if (key === undefined) return false;
    const refused = this.#refused.get(task.id) ?? new Set<string>();
    refused.add(from);
    this.#refused.set(task.id, refused);
    const left = signersOf(this.#parts.state.view, key).filter((node) => !refused.has(node));
    return left.length < key.threshold;
  }

  /** Nodes that were silent when a failed session was looked into sign where the others are too few, until an operator clears them. */
  #bySilence(nodes: readonly NodeId[]): {
    readonly heard: readonly NodeId[];
    readonly silent: readonly NodeId[];
  } {
    const { failures } = this.#parts;
    return {
      heard: nodes.filter((node) => !failures.wasSilent(node)),
      silent: nodes.filter((node) => failures.wasSilent(node)),
    };
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
