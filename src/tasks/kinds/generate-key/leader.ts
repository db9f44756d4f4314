import { nodeId, refusal } from '../../../common/index.js';
import type { Millis, Refusal } from '../../../common/index.js';
import { activeGeneration, auxiliaryOf, setAsked } from '../../../state/index.js';
import type { NewTask, ParsedGenerateKey } from '../../../state/index.js';
import type { Attempt, Declined } from '../../../wire/index.js';
import { isReached } from '../../leader/reached.js';
import { GENERATE_HEDGE_BASE_MS, GENERATE_HEDGE_PER_PARTICIPANT_MS } from '../../limits.js';
import type { LiveAttempt, LiveTask } from '../../live-tasks.js';
import type { DeclineMeaning, LeaderContext, LeaderDriver } from '../driver.js';

/** Refusals after which no further attempt can help. */
const HOPELESS: Readonly<Record<string, string>> = {
  'pending-full': 'PENDING_FULL',
  unsupported: 'ALGORITHM_UNSUPPORTED',
};

/** The leader's part in new keys: names all participants, in the runs that they are in. The rest is theirs. */
export class GenerateKeyLeader implements LeaderDriver<ParsedGenerateKey> {
  readonly #parts: LeaderContext;

  constructor(parts: LeaderContext) {
    this.#parts = parts;
  }

  checkReach({ participants }: NewTask): Refusal | undefined {
    const nodes = participants.map((each) => nodeId(each.nodeId));
    const missing = nodes.find((node) => !isReached(this.#parts, node));
    return missing === undefined
      ? undefined
      : refusal(
          'no-quorum',
          'PARTICIPANT_UNREACHABLE',
          `Node ${missing} cannot be reached; every participant is needed to generate a key`,
          { facts: { node: missing } },
        );
  }

  canReplace(): boolean {
    return false;
  }

  firstDelayMs({ participants }: LiveTask<ParsedGenerateKey>): Millis {
    return GENERATE_HEDGE_BASE_MS + GENERATE_HEDGE_PER_PARTICIPANT_MS * participants.length;
  }

  /** A key whose algorithm signs under auxiliary material waits until its set has a generation with enough members. */
  nextAttempt(task: LiveTask<ParsedGenerateKey>, number: number): Attempt | undefined {
    const { assigner, context, state } = this.#parts;
    const of = { taskId: task.id, requestHash: task.record.requestHash, number };
    const nodes = task.participants.map((each) => nodeId(each.nodeId));
    const set = setAsked(state.view, task.asked, context.judging);
    if (set === undefined) return assigner.withBoots(of, nodes);
    const members = activeGeneration(state.view, set)?.preparation?.members ?? [];
    if (members.length < task.asked.threshold) return undefined;
    return assigner.withBoots(of, nodes, { auxiliary: auxiliaryOf(state.view, set) });
  }

  onDeclined(_: LiveAttempt<ParsedGenerateKey>, { reason }: Declined): DeclineMeaning {
    return { hopeless: HOPELESS[reason] };
  }
}
