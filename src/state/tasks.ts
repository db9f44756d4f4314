import { taskId } from '../common/index.js';
import type { Millis } from '../common/index.js';
import type { AttemptRecord, Supply, TaskRecord } from '../wire/index.js';
import { withCount } from './counts.js';
import type { StateEvent } from './events.js';
import type { JudgingContext, Outcome } from './kind-rules.js';
import { OUTCOME_KEPT_MS, UPKEEP_KEPT_MS } from './limits.js';
import {
  isUpkeep,
  markOpen,
  readTotals,
  unindexSession,
  writeTask,
  writeTotals,
} from './records.js';
import { countClosed, countOpened } from './requesters.js';
import { setTimer } from './timers.js';
import type { Draft } from './view.js';

/** Writes a new task, and counts it among all and with its requester. */
export function insertTask(draft: Draft, task: TaskRecord): void {
  writeTask(draft, task);
  markOpen(draft, task.taskId, true);
  count(draft, task.kind, 1, 1);
  countOpened(draft, task);
}

/** Writes a task's one outcome, drops what only open tasks need, and notes when it may be forgotten. */
export function closeTask(
  draft: Draft,
  task: TaskRecord,
  outcome: Outcome,
  timeMs: Millis,
  context: JudgingContext,
): StateEvent {
  context.kinds[task.kind]?.close(draft, task, context, outcome);
  writeTask(draft, {
    ...task,
    endTimeMs: BigInt(timeMs),
    request: new Uint8Array(0),
    authorization: undefined,
    attempts: task.attempts.map(shownOf),
    ready: [],
    prepared: [],
    outcome,
  });
  markOpen(draft, task.taskId, false);
  for (const { sessionId } of task.attempts) unindexSession(draft, sessionId);
  const forgetMs = isUpkeep(task)
    ? timeMs + UPKEEP_KEPT_MS
    : Math.max(Number(task.expireTimeMs), timeMs + OUTCOME_KEPT_MS);
  setTimer(draft, 'forget-task', forgetMs, taskId(task.taskId));
  count(draft, task.kind, 0, -1);
  countClosed(draft, task);
  const { kind, requester, requestId } = task;
  const keyId = task.keyId === '' ? undefined : task.keyId;
  const [closed, failure] = [taskId(task.taskId), failureIn(outcome)];
  return { type: 'task-closed', task: closed, kind, requester, keyId, requestId, failure };
}

/** The reason of a task that ended with the outcome of a requester's request to cancel it. */
export const CANCELLED = 'CANCELLED';

/** Why a task has no result; `undefined` for one that has. */
export function failureIn(outcome: Outcome): string | undefined {
  switch (outcome.$case) {
    case 'result':
      return undefined;
    case 'failed':
      return outcome.value.reason;
    case 'cancelled':
      return CANCELLED;
  }
}

/** Claims that the task has no outcome yet. */
export function isOpen(
  task: TaskRecord | undefined,
): task is TaskRecord & { readonly outcome: undefined } {
  return task !== undefined && task.outcome === undefined;
}

/** The nodes that an attempt asks to contribute. */
export function nodesIn(attempt: AttemptRecord['attempt']): readonly string[] {
  const { assignment } = attempt ?? {};
  if (assignment === undefined) return [];
  const named =
    assignment.$case === 'supplies' ? assignment.value.supplies : assignment.value.nodes;
  return named.map(({ nodeId }) => nodeId);
}

/** The nonce commitments that an attempt names; none for a generate-key. */
export function suppliesOf(attempt: AttemptRecord['attempt']): readonly Supply[] {
  return attempt?.assignment?.$case === 'supplies' ? attempt.assignment.value.supplies : [];
}

function count(draft: Draft, kind: string, tasks: number, open: number): void {
  const totals = readTotals(draft);
  writeTotals(draft, {
    ...totals,
    taskCount: totals.taskCount + tasks,
    open: withCount(totals.open, kind, open),
  });
}

/** The record of an attempt that stays when its task is closed: its shown fields. */
function shownOf(record: AttemptRecord): AttemptRecord {
  const { attempt } = record;
  const shown = { ...record, previousHash: new Uint8Array(0) };
  if (attempt?.assignment?.$case !== 'supplies') return shown;
  const supplies = attempt.assignment.value.supplies.map((supply) => ({ ...supply, parts: [] }));
  const assignment = { $case: 'supplies' as const, value: { supplies } };
  return { ...shown, attempt: { ...attempt, assignment } };
}
