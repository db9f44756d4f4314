import { equal, nodeId, refusal, toHex } from '../../src/common/index.js';
import type { Millis, NodeId, PartyIndex, Refusal } from '../../src/common/index.js';
import type { NewTask } from '../../src/state/index.js';
import type {
  AttemptDue,
  Combined,
  Combining,
  DeclineMeaning,
  LeaderContext,
  LeaderDriver,
} from '../../src/tasks/kinds/driver.js';
import { candidates } from '../../src/tasks/leader/plan.js';
import type { LiveAttempt, LiveTask } from '../../src/tasks/live-tasks.js';
import type { Attempt, Declined, KeyParticipant } from '../../src/wire/index.js';
import { decodeSignedOutput, toyMaterial, toyResultBytes } from './rules.js';
import type { ParsedToy, SignedOutput } from './rules.js';

/** The kind of envelope in which a participant contributes its output. */
export const TOY_RESULT_KIND = 'toy/result';

const FIRST_DELAY_MS = 2_000;

/** What a leader does about toys: names as many nodes as were asked for, and proposes what all of them have signed. */
export class ToyLeader implements LeaderDriver<ParsedToy>, Combining<ParsedToy> {
  readonly replacesParticipants = true;
  readonly envelope = TOY_RESULT_KIND;
  readonly combining = this;
  readonly #parts: LeaderContext;
  readonly #isOneEnough: boolean;

  /** @param isOneEnough - A mistake, which the tests plant: what one participant says is taken for all. */
  constructor(parts: LeaderContext, isOneEnough = false) {
    this.#parts = parts;
    this.#isOneEnough = isOneEnough;
  }

  checkReach({ participants, asked }: NewTask): Refusal | undefined {
    const count = 'count' in asked ? Number(asked.count) : participants.length;
    const reached = this.#connected(participants).length;
    return reached >= count
      ? undefined
      : refusal('no-quorum', 'PARTICIPANT_UNREACHABLE', `Only ${reached} nodes can be reached`);
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

  async combine(
    attempt: LiveAttempt<ParsedToy>,
    bodies: ReadonlyMap<PartyIndex, Uint8Array>,
  ): Promise<Combined> {
    const said = new Map<PartyIndex, SignedOutput | undefined>();
    for (const [index, body] of bodies) said.set(index, this.#read(attempt, index, body));
    const outputs = [...said.values()].filter((each) => each !== undefined);
    const [any] = outputs;
    if (this.#isOneEnough && any !== undefined) {
      return { material: toyMaterial(any.output, [any.signature]) };
    }
    const right = mostSaid(outputs);
    const wrong = [...said]
      .filter(([, each]) => each === undefined || !isSame(each, right))
      .map(([index]) => index);
    if (wrong.length > 0 || right === undefined) return { wrong };
    const inOrder = attempt.nodes.map((node) => {
      const at = attempt.task.participants.findIndex((each) => each.nodeId === node);
      return said.get(at + 1)?.signature ?? new Uint8Array(0);
    });
    return { material: toyMaterial(right.output, inOrder) };
  }

  /** Where a run was aborted, the culprit that the participant names is left out, not the participant. */
  onDeclined({ task }: LiveAttempt<ParsedToy>, { index }: Declined): DeclineMeaning {
    const culprit = task.participants[index - 1];
    return culprit === undefined ? {} : { blamed: nodeId(culprit.nodeId) };
  }

  #read(
    { record, task }: LiveAttempt<ParsedToy>,
    index: PartyIndex,
    body: Uint8Array,
  ): SignedOutput | undefined {
    const said = decodeSignedOutput(body);
    const identityKey = task.participants[index - 1]?.identityKey;
    if (said === undefined || identityKey === undefined) return undefined;
    const signed = toyResultBytes(record.sessionId, said.output);
    const { verify } = this.#parts.context.judging;
    return verify.identity(identityKey, signed, said.signature) ? said : undefined;
  }

  #connected(participants: readonly KeyParticipant[]): readonly NodeId[] {
    const { connections } = this.#parts;
    return participants.map((each) => nodeId(each.nodeId)).filter((node) => connections.has(node));
  }
}

function isSame(one: SignedOutput, other: SignedOutput | undefined): boolean {
  return other !== undefined && equal(one.output, other.output);
}

/** The output that more than half say; `undefined` where there is none, and nobody knows who lies. */
function mostSaid(outputs: readonly SignedOutput[]): SignedOutput | undefined {
  const names = outputs.map(({ output }) => toHex(output));
  return outputs.find((_, at) => {
    const same = names.filter((name) => name === names[at]).length;
    return 2 * same > outputs.length;
  });
}
