import { compareText, taskId } from '../common/index.js';
import type { Millis } from '../common/index.js';
import type { AttemptRecord, Supply, TaskRecord, Totals } from '../wire/index.js';
import type { StateEvent } from './events.js';
import type { JudgingContext } from './kind-rules.js';
import { OUTCOME_KEPT_MS } from './limits.js';
import { markOpen, readTotals, unindexSession, writeTask, writeTotals } from './records.js';
import { setTimer } from './timers.js';
import type { Draft } from './view.js';

export type Outcome = NonNullable<TaskRecord['outcome']>;

/** Writes a new task and counts it. */
export function insertTask(draft: Draft, task: TaskRecord): void {
  writeTask(draft, task);
  markOpen(draft, task.taskId, true);
  count(draft, task.kind, 1, 1);
}

/** Writes a task's one outcome, drops what only open tasks need, and notes when it may be forgotten. */
export function closeTask(
  draft: Draft,
  task: TaskRecord,
  outcome: Outcome,
  timeMs: Millis,
  { kinds }: JudgingContext,
): StateEvent {
  kinds[task.kind]?.close(draft, task);
  writeTask(draft, {
    ...task,
    endTimeMs: BigInt(timeMs),
    request: new Uint8Array(0),
    authorization: undefined,
    attempts: task.attempts.map(shownOf),
    ready: [],
    outcome,
  });
  markOpen(draft, task.taskId, false);
  for (const { sessionId } of task.attempts) unindexSession(draft, sessionId);
  const forgetMs = Math.max(Number(task.expireTimeMs), timeMs + OUTCOME_KEPT_MS);
  setTimer(draft, 'forget-task', forgetMs, taskId(task.taskId));
  count(draft, task.kind, 0, -1);
  const { kind, requester } = task;
  const failure = outcome.$case === 'failed' ? outcome.value.reason : undefined;
  return { type: 'task-closed', task: taskId(task.taskId), kind, requester, failure };
}

/** Claims that the task has no outcome yet. */
export function isOpen(
  task: TaskRecord | undefined,
): task is TaskRecord & { readonly outcome: undefined } {
  return task !== undefined && task.outcome === undefined;
}

/** How many tasks of a kind have no outcome yet. */
export function openCount({ open }: Totals, kind: string): number {
  return open.find((each) => each.kind === kind)?.count ?? 0;
}

/** The nonce commitments that an attempt names; none for a generate-key. */
export function suppliesOf(attempt: AttemptRecord['attempt']): readonly Supply[] {
  return attempt?.assignment?.$case === 'supplies' ? attempt.assignment.value.supplies : [];
}

function count(draft: Draft, kind: string, tasks: number, open: number): void {
  const totals = readTotals(draft);
  const now = { kind, count: openCount(totals, kind) + open };
  const others = totals.open.filter((each) => each.kind !== kind);
  writeTotals(draft, {
    ...totals,
    taskCount: totals.taskCount + tasks,
    open: [...others, now].filter((each) => each.count > 0).sort(byKind),
  });
}

function byKind(a: { readonly kind: string }, b: { readonly kind: string }): number {
  return compareText(a.kind, b.kind);
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
