import type { Millis, NodeId } from '../../../common/index.js';
import { PROFILE_NAMES, THRESHOLD_MIN } from '../../../identity/index.js';
import { isOfUse, membersWithout, readSet, thresholdOf } from '../../../state/index.js';
import type { ParsedPrepare } from '../../../state/index.js';
import type { Attempt, Declined, SetRecord } from '../../../wire/index.js';
import { blamedByAborted } from '../../leader/aborted.js';
import { isReached, reachedOf } from '../../leader/reached.js';
import {
  PREPARE_ABSENT_MS,
  PREPARE_HEDGE_MS,
  PREPARE_PROOF_WAIT_MS,
  PREPARE_WAITS,
} from '../../limits.js';
import type { LiveAttempt, LiveTask } from '../../live-tasks.js';
import type { AttemptDue, DeclineMeaning, LeaderContext, LeaderDriver } from '../driver.js';

/**
 * The leader's part in preparing a set's material: names all participants where they can be reached, and as many as the set's keys
 * need where some cannot, or are proved to have lied.
 */
export class PrepareLeader implements LeaderDriver<ParsedPrepare> {
  readonly #parts: LeaderContext;

  constructor(parts: LeaderContext) {
    this.#parts = parts;
  }

  /** No request is refused for it: no requester asks for such a task. */
  checkReach(): undefined {
    return undefined;
  }

  /** Whether enough members are left of whom no evidence of the task speaks. */
  canReplace({ id, asked, participants }: LiveTask<ParsedPrepare>, node: NodeId): boolean {
    const { culprits, state } = this.#parts;
    const set = readSet(state.view, asked.setId);
    const left = participants.filter(
      ({ nodeId }) => nodeId !== node && !culprits.provedIn(id, nodeId),
    );
    return set === undefined || left.length >= neededBy(set);
  }

  firstDelayMs(): Millis {
    return PREPARE_HEDGE_MS;
  }

  nextAttempt(
    { id, asked, record }: LiveTask<ParsedPrepare>,
    number: number,
    { plan }: AttemptDue,
  ): Attempt | undefined {
    const { assigner, context, state } = this.#parts;
    const { setId } = asked;
    const set = readSet(state.view, setId);
    if (set === undefined) return undefined;
    const needed = neededBy(set);
    const able = membersWithout(set, asked.culprit?.nodeId);
    const reached = reachedOf(this.#parts, able);
    const reachedMs = context.consensus.nextTimeMs() ?? 0;
    const openMs = reachedMs - Number(record.createTimeMs);
    const isWhole = able.length === reached.length;
    if (!isWhole && openMs < PREPARE_ABSENT_MS) return undefined;
    const trusted = reached.filter((node) => !plan.leftOut.has(node));
    const members = trusted.length >= needed ? trusted : reached;
    if (members.length < needed) return undefined;
    const named = members.map((nodeId) => ({ nodeId }));
    if (!isOfUse(set, named, reachedMs, asked.culprit?.nodeId)) return undefined;
    const of = { taskId: id, requestHash: record.requestHash, number };
    return assigner.withBoots(of, members, { version: NO_VERSION });
  }

  /** Members that have to make primes say nothing for a while: they are waited for as long as they are heard. */
  isUnderWay(
    missing: readonly NodeId[],
    ageMs: Millis,
    { task }: LiveAttempt<ParsedPrepare>,
  ): boolean {
    const { base, perMember } = PREPARE_WAITS[PROFILE_NAMES[task.asked.set.profile]];
    const isBusy = missing.every((node) => isReached(this.#parts, node));
    return isBusy && ageMs < base + perMember * missing.length;
  }

  onDeclined(
    attempt: LiveAttempt<ParsedPrepare>,
    declined: Declined,
  ): DeclineMeaning | Promise<DeclineMeaning> {
    if (declined.reason === 'culprit-unproved') return { hopeless: 'CULPRIT_UNPROVED' };
    if (declined.reason !== 'aborted') return {};
    const { context, culprits } = this.#parts;
    return blamedByAborted(context, culprits, attempt, declined, PREPARE_PROOF_WAIT_MS);
  }
}

/** As many members as the set's keys need signers. */
function neededBy(set: SetRecord): number {
  return Math.max(THRESHOLD_MIN, thresholdOf(set));
}

/** Material has no version of a key. */
const NO_VERSION = 0;
