import { nodeId, refusal } from '../../../common/index.js';
import type { Millis, NodeId, Refusal } from '../../../common/index.js';
import { isGenerateKey } from '../../../state/index.js';
import type { NewTask, ParsedGenerateKey } from '../../../state/index.js';
import type { Attempt, Declined } from '../../../wire/index.js';
import {
  GENERATE_HEDGE_BASE_MS,
  GENERATE_HEDGE_PER_PARTICIPANT_MS,
  UNHEARD_MS,
} from '../../limits.js';
import type { LiveAttempt, LiveTask } from '../../live-tasks.js';
import type { DeclineMeaning, LeaderContext, LeaderDriver } from '../driver.js';

/** Refusals after which no further attempt can help. */
const HOPELESS: Readonly<Record<string, string>> = {
  'pending-full': 'PENDING_FULL',
  unsupported: 'ALGORITHM_UNSUPPORTED',
};

/** The leader's part in new keys: names all participants, in the runs that they are in. The rest is theirs. */
export class GenerateKeyLeader implements LeaderDriver<ParsedGenerateKey> {
  readonly replacesParticipants = false;
  readonly #parts: LeaderContext;

  constructor(parts: LeaderContext) {
    this.#parts = parts;
  }

  checkReach({ participants, asked }: NewTask): Refusal | undefined {
    if (isGenerateKey(asked) && asked.profile !== undefined) return unsupported();
    const nodes = participants.map((each) => nodeId(each.nodeId));
    const missing = nodes.find((node) => !this.#isReached(node));
    return missing === undefined
      ? undefined
      : refusal(
          'no-quorum',
          'PARTICIPANT_UNREACHABLE',
          `Node ${missing} cannot be reached; every participant is needed to generate a key`,
          { facts: { node: missing } },
        );
  }

  /** A stream that is open carries messages one way: whether the node answers is known from consensus alone. */
  #isReached(node: NodeId): boolean {
    const { connections, context } = this.#parts;
    return connections.has(node) && (context.consensus.heardAgoMs(node) ?? 0) < UNHEARD_MS;
  }

  firstDelayMs({ participants }: LiveTask<ParsedGenerateKey>): Millis {
    return GENERATE_HEDGE_BASE_MS + GENERATE_HEDGE_PER_PARTICIPANT_MS * participants.length;
  }

  nextAttempt(task: LiveTask<ParsedGenerateKey>, number: number): Attempt | undefined {
    // No member makes auxiliary material yet.
    if (task.asked.profile !== undefined) return undefined;
    const asked = { taskId: task.id, requestHash: task.record.requestHash, number };
    const nodes = task.participants.map((each) => nodeId(each.nodeId));
    return this.#parts.assigner.withBoots(asked, nodes);
  }

  onDeclined(_: LiveAttempt<ParsedGenerateKey>, { reason }: Declined): DeclineMeaning {
    return { hopeless: HOPELESS[reason] };
  }
}

function unsupported(): Refusal {
  return refusal(
    'unsupported',
    'ALGORITHM_UNSUPPORTED',
    'The nodes of this cluster make no keys of GG20 yet',
    { field: 'algorithm' },
  );
}
