import { equal, nodeId, sessionId, taskId, toHex } from '../common/index.js';
import type { Millis } from '../common/index.js';
import { preparedBytes } from '../identity/index.js';
import { encode, Preparation } from '../wire/index.js';
import type { Prepared, TaskRecord } from '../wire/index.js';
import type { StateEvent } from './events.js';
import type { JudgingContext, PreparationRules } from './kind-rules.js';
import { HASH_BYTES } from './limits.js';
import { writeTask } from './records.js';
import { sessionTask } from './session-tasks.js';
import type { SessionTask } from './session-tasks.js';
import { closeTask } from './tasks.js';
import type { Draft, View } from './view.js';

type Admitted = {
  readonly task: SessionTask;
  readonly rules: PreparationRules;
  readonly preparation: Preparation;
};

/**
 * The open task that `prepared` belongs to, when it says of the newest attempt what that attempt fixes, is the member's first
 * word on it, and is signed by the member. The digest is the member's to say.
 */
export function taskOfPrepared(
  view: View,
  prepared: Prepared,
  context: JudgingContext,
): TaskRecord | undefined {
  return admitPrepared(view, prepared, context)?.task.record;
}

/** Adds a member's word; the last of all members' equal ones activates the generation and closes the task. */
export function applyPrepared(
  draft: Draft,
  prepared: Prepared,
  timeMs: Millis,
  context: JudgingContext,
): readonly StateEvent[] {
  const admitted = admitPrepared(draft, prepared, context);
  if (admitted === undefined) return [];
  const { task, rules, preparation } = admitted;
  const said = [...task.record.prepared, prepared];
  const id = taskId(task.record.taskId);
  const session = sessionId(toHex(preparation.sessionId));
  const node = nodeId(prepared.nodeId);
  const heard = { type: 'prepared-said', task: id, node, session } as const;
  const agreed =
    said.length === preparation.members.length && said.every((one) => agree(one, preparation));
  if (!agreed) {
    writeTask(draft, { ...task.record, prepared: said });
    return [heard];
  }
  const value = rules.activate(draft, task, preparation, said, timeMs);
  const closed = closeTask(draft, task.record, { $case: 'result', value }, timeMs, context);
  const { generation } = preparation;
  const set = toHex(preparation.setId);
  return [heard, { type: 'generation-activated', set, generation, task: id }, closed];
}

function admitPrepared(
  view: View,
  { nodeId: node, preparation, signature }: Prepared,
  context: JudgingContext,
): Admitted | undefined {
  const task = preparation && sessionTask(view, preparation.sessionId, context);
  const rules = task?.rules.preparation;
  if (preparation === undefined || task === undefined || rules === undefined) return undefined;
  const { record, asked, newest } = task;
  const { setId, generation } = rules.terms(asked);
  const nodes =
    newest.attempt?.assignment?.$case === 'boots' ? newest.attempt.assignment.value.nodes : [];
  const signer = task.rules
    .participants(view, asked, context)
    .find((each) => each.nodeId === node && nodes.some((member) => member.nodeId === node));
  const fits =
    signer !== undefined &&
    !record.prepared.some((each) => each.nodeId === node) &&
    equal(preparation.sessionId, newest.sessionId) &&
    equal(preparation.setId, setId) &&
    preparation.generation === generation &&
    preparation.members.length === nodes.length &&
    preparation.members.every((member, at) => member === nodes[at]?.nodeId) &&
    preparation.digest.length === HASH_BYTES;
  if (!fits) return undefined;
  const bytes = preparedBytes(context.genesis.clusterId, preparation);
  return context.verify.identity(signer.identityKey, bytes, signature)
    ? { task, rules, preparation }
    : undefined;
}

function agree({ preparation: a }: Prepared, b: Preparation): boolean {
  return a !== undefined && equal(encode(Preparation, a), encode(Preparation, b));
}
