import { nodeId, refusal } from '../../../common/index.js';
import type { Millis, NodeId, Refusal } from '../../../common/index.js';
import { auxiliaryOf, fitsMaterial, setOfVersion } from '../../../state/index.js';
import type { NewTask, NewVersion } from '../../../state/index.js';
import type { Attempt, Declined } from '../../../wire/index.js';
import { blamedByAborted } from '../../leader/aborted.js';
import { isReached, reachedOf } from '../../leader/reached.js';
import { GENERATE_HEDGE_BASE_MS, GENERATE_HEDGE_PER_PARTICIPANT_MS } from '../../limits.js';
import type { AttemptDue, DeclineMeaning, LeaderContext, LeaderDriver } from '../driver.js';
import { isNewVersion, newVersionOf, partiesOf } from './new-version.js';
import type { ParsedNewVersion, ReshareAttempt, ReshareTask } from './new-version.js';

/** Refusals after which no further attempt can help. */
const HOPELESS: Readonly<Record<string, string>> = {
  'pending-full': 'PENDING_FULL',
  'culprit-unproved': 'CULPRIT_UNPROVED',
  unsupported: 'ALGORITHM_UNSUPPORTED',
};

/**
 * The leader's part in a key's next version: names all that are to hold a share, and of those that do as many as it takes to sign, who
 * deal. Any of the dealers can be replaced, a receiver cannot.
 */
export class ReshareLeader implements LeaderDriver<ParsedNewVersion> {
  readonly #parts: LeaderContext;

  constructor(parts: LeaderContext) {
    this.#parts = parts;
  }

  checkReach({ asked, participants }: NewTask): Refusal | undefined {
    const missing = participants.find((each) => !isReached(this.#parts, nodeId(each.nodeId)));
    if (missing !== undefined) {
      return refusal(
        'no-quorum',
        'PARTICIPANT_UNREACHABLE',
        `Node ${missing.nodeId} cannot be reached; every node that is to hold a share is needed to reshare a key`,
        { facts: { node: missing.nodeId } },
      );
    }
    const made = isNewVersion(asked) ? this.#made(asked) : undefined;
    if (made === undefined) return undefined;
    const { key } = made;
    const able = reachedOf(this.#parts, key.participants).length;
    return able >= key.threshold
      ? undefined
      : refusal(
          'no-quorum',
          'DEALERS_UNREACHABLE',
          `Only ${able} of the ${key.threshold} participants that it takes to reshare key ${key.keyId} can be reached`,
        );
  }

  canReplace({ participants }: ReshareTask, node: NodeId): boolean {
    return !participants.some((each) => each.nodeId === node);
  }

  firstDelayMs({ participants, key }: ReshareTask): Millis {
    const parties = participants.length + (key?.threshold ?? 0);
    return GENERATE_HEDGE_BASE_MS + GENERATE_HEDGE_PER_PARTICIPANT_MS * parties;
  }

  /** A key whose algorithm signs under auxiliary material waits for material that was begun after its version was active. */
  nextAttempt(task: ReshareTask, number: number, { plan }: AttemptDue): Attempt | undefined {
    const { assigner, state } = this.#parts;
    const made = this.#made(task.asked);
    if (made === undefined) return undefined;
    const { key } = made;
    const receivers = made.participants.map((each) => nodeId(each.nodeId));
    if (!receivers.every((node) => isReached(this.#parts, node))) return undefined;
    const dealers = this.#dealers(made, receivers, number, plan.leftOut);
    if (dealers.length < key.threshold) return undefined;
    const set = setOfVersion(made);
    const auxiliary = set && auxiliaryOf(state.view, set);
    if (!fitsMaterial(state.view, made, auxiliary)) return undefined;
    const of = { taskId: task.id, requestHash: task.record.requestHash, number };
    return assigner.withBoots(of, partiesOf(dealers, receivers).map(nodeId), {
      version: key.version + 1,
      sharingSession: key.sessionId,
      auxiliary,
      dealers: [...dealers],
    });
  }

  onDeclined(
    attempt: ReshareAttempt,
    declined: Declined,
  ): DeclineMeaning | Promise<DeclineMeaning> {
    const { context, culprits } = this.#parts;
    if (declined.reason === 'aborted') {
      return blamedByAborted(context, culprits, attempt, declined);
    }
    return { hopeless: HOPELESS[declined.reason] };
  }

  /**
   * As many as it takes to sign, by node id: of those that can be reached the trusted ones first, of these the receivers, so that the
   * session has few parties. Each further attempt begins at another one: any of them may be the silent one.
   */
  #dealers(
    { key }: NewVersion,
    receivers: readonly NodeId[],
    number: number,
    leftOut: ReadonlySet<NodeId>,
  ): readonly NodeId[] {
    const { culprits } = this.#parts;
    const reached = reachedOf(this.#parts, key.participants);
    const isTrusted = (node: NodeId): boolean => !leftOut.has(node) && !culprits.has(node);
    const turned = reached.map((_, at) => reached[(at + number - 1) % reached.length]);
    const rank = (node: NodeId): number =>
      (isTrusted(node) ? 0 : 2) + (receivers.includes(node) ? 0 : 1);
    const ranked = turned
      .filter((node) => node !== undefined)
      .toSorted((a, b) => rank(a) - rank(b));
    const chosen = new Set(ranked.slice(0, key.threshold));
    return reached.filter((node) => chosen.has(node));
  }

  #made(asked: ParsedNewVersion): NewVersion | undefined {
    const { state, context } = this.#parts;
    return newVersionOf(state.view, asked, context.judging);
  }
}
