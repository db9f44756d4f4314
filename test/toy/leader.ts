import { nodeId, refusal } from '../../src/common/index.js';
import type { Millis, NodeId, Refusal } from '../../src/common/index.js';
import type { NewTask } from '../../src/state/index.js';
import type {
  AttemptDue,
  DeclineMeaning,
  LeaderContext,
  LeaderDriver,
} from '../../src/tasks/kinds/driver.js';
import { candidates } from '../../src/tasks/leader/plan.js';
import type { LiveAttempt, LiveTask } from '../../src/tasks/live-tasks.js';
import type { Attempt, Declined, KeyParticipant } from '../../src/wire/index.js';
import type { ParsedToy } from './rules.js';

const FIRST_DELAY_MS = 2_000;

/** What a leader does about toys: names as many nodes as were asked for. */
export class ToyLeader implements LeaderDriver<ParsedToy> {
  readonly #parts: LeaderContext;

  constructor(parts: LeaderContext) {
    this.#parts = parts;
  }

  checkReach({ participants, asked }: NewTask): Refusal | undefined {
    const count = 'count' in asked ? Number(asked.count) : participants.length;
    const reached = this.#connected(participants).length;
    return reached >= count
      ? undefined
      : refusal('no-quorum', 'PARTICIPANT_UNREACHABLE', `Only ${reached} nodes can be reached`);
  }

  canReplace(): boolean {
    return true;
  }

  firstDelayMs(): Millis {
    return FIRST_DELAY_MS;
  }

  nextAttempt(task: LiveTask<ParsedToy>, number: number, due: AttemptDue): Attempt | undefined {
    const { count } = task.asked;
    const able = this.#connected(task.participants);
    const { first, lastResort } = candidates(due.plan, able, count, due.overdue(), due.short);
    const nodes = [...first, ...lastResort].slice(0, count);
    if (nodes.length < count) return undefined;
    const of = { taskId: task.id, requestHash: task.record.requestHash, number };
    return this.#parts.assigner.withBoots(of, nodes);
  }

  /** Where a run was aborted, the culprit that the participant names is left out, not the participant. */
  onDeclined({ task }: LiveAttempt<ParsedToy>, { index }: Declined): DeclineMeaning {
    const culprit = task.participants[index - 1];
    return culprit === undefined ? {} : { blamed: nodeId(culprit.nodeId) };
  }

  #connected(participants: readonly KeyParticipant[]): readonly NodeId[] {
    const { connections } = this.#parts;
    return participants.map((each) => nodeId(each.nodeId)).filter((node) => connections.has(node));
  }
}
