import type { Millis } from '../common/index.js';
import { TaskKind } from '../wire/index.js';
import type { AttemptRecord, NonceSlot, TaskRecord } from '../wire/index.js';
import { OUTCOME_KEPT_MS } from './limits.js';
import { markDue, markOpen, readClock, unreserve, writeClock, writeTask } from './records.js';
import type { Draft } from './view.js';

export type Outcome = NonNullable<TaskRecord['outcome']>;

/** Writes a new task and counts it. */
export function openTask(draft: Draft, task: TaskRecord): void {
  writeTask(draft, task);
  markOpen(draft, task.taskId, true);
  count(draft, task.kind, 1, 1);
}

/** Writes a task's one outcome, drops what only open tasks need, and notes when it may be forgotten. */
export function closeTask(draft: Draft, task: TaskRecord, outcome: Outcome, timeMs: Millis): void {
  writeTask(draft, {
    ...task,
    endTimeMs: BigInt(timeMs),
    request: new Uint8Array(0),
    authorization: undefined,
    attempts: task.attempts.map(withoutCommitments),
    ready: [],
    outcome,
  });
  markOpen(draft, task.taskId, false);
  markDue(draft, Math.max(Number(task.expireTimeMs), timeMs + OUTCOME_KEPT_MS), task.taskId);
  count(draft, task.kind, 0, -1);
  if (task.kind === TaskKind.GENERATE_KEY) unreserve(draft, task.keyId);
}

/** Claims that the task has no outcome yet. */
export function isOpen(
  task: TaskRecord | undefined,
): task is TaskRecord & { readonly outcome: undefined } {
  return task !== undefined && task.outcome === undefined;
}

/** The nonce commitments that an attempt names; none for a generate-key. */
export function slotsOf(attempt: AttemptRecord['attempt']): readonly NonceSlot[] {
  return attempt?.assignment?.$case === 'slots' ? attempt.assignment.value.slots : [];
}

function count(draft: Draft, kind: TaskKind, tasks: number, open: number): void {
  const clock = readClock(draft);
  writeClock(draft, {
    ...clock,
    taskCount: clock.taskCount + tasks,
    openGenerateCount: clock.openGenerateCount + (kind === TaskKind.GENERATE_KEY ? open : 0),
    openSignCount: clock.openSignCount + (kind === TaskKind.SIGN ? open : 0),
  });
}

function withoutCommitments(record: AttemptRecord): AttemptRecord {
  const { attempt } = record;
  if (attempt?.assignment?.$case !== 'slots') return record;
  const slots = attempt.assignment.value.slots.map((slot) => ({
    ...slot,
    hiding: new Uint8Array(0),
    binding: new Uint8Array(0),
  }));
  return { ...record, attempt: { ...attempt, assignment: { $case: 'slots', value: { slots } } } };
}
