import type { KeyId, TaskId } from '../common/index.js';
import { equal, keyId, taskId } from '../common/index.js';
import type { Entry } from '../ports/index.js';
import type { Attempt, Done, Failed, NonceSlot } from '../wire/index.js';
import { applyInstalled, applyReady } from './apply-facts.js';
import { applyRequest } from './apply-request.js';
import type { Verdict } from './apply-request.js';
import { admitAttempt } from './attempts.js';
import { readCommand } from './command.js';
import type { CommandBody } from './command.js';
import type { JudgingContext } from './kind-rules.js';
import { EVIDENCE_BYTES_MAX, EVIDENCE_ITEMS_MAX, REASON_CHARS_MAX } from './limits.js';
import { parseTask } from './parse.js';
import {
  ADDRESS,
  readKey,
  readReservation,
  readTask,
  readTotals,
  writeLevel,
  writeTask,
  writeTotals,
} from './records.js';
import { closeTask, isOpen, slotsOf } from './tasks.js';
import { Draft } from './view.js';
import type { StateWrite, View } from './view.js';

/** What one entry does: writes as data, and what the node should look at. */
export type Applied = {
  readonly writes: readonly StateWrite[];
  readonly changedTasks: readonly TaskId[];
  readonly changedKeys: readonly KeyId[];
  /** Commitments that the entry names, valid or not: pools and holders forget them. */
  readonly named: readonly NonceSlot[];
  readonly verdict: Verdict | undefined;
  /** An entry that no honest leader makes: it changes nothing, and a person should look. */
  readonly alarm: string | undefined;
};

type Effect = Partial<Omit<Applied, 'writes'>>;

/**
 * Applies one committed entry. Total: any bytes give effects or nothing, never an exception. A function of the state
 * before and the entry alone, so every node comes to the same state.
 */
export function apply(view: View, entry: Entry, context: JudgingContext): Applied {
  const draft = new Draft(view);
  writeTotals(draft, { ...readTotals(draft), timeMs: BigInt(entry.timeMs) });
  const effect = applyKind(draft, entry, context);
  return {
    writes: draft.writes(),
    changedTasks: effect.changedTasks ?? [],
    changedKeys: effect.changedKeys ?? [],
    named: effect.named ?? [],
    verdict: effect.verdict,
    alarm: effect.alarm,
  };
}

function applyKind(draft: Draft, entry: Entry, context: JudgingContext): Effect {
  switch (entry.kind) {
    case 'genesis':
      if (entry.index !== 1 || !equal(entry.payload, context.genesis.bytes)) {
        return { alarm: 'a genesis entry that is not the genesis' };
      }
      draft.put(ADDRESS.genesis, entry.payload);
      writeLevel(draft, context.genesis.level, undefined);
      return {};
    case 'no-op':
      return {};
    case 'member':
      return { alarm: 'a member entry, which this version does not know' };
    case 'command': {
      const reading = readCommand(draft, entry.payload);
      return reading.ok ? applyCommand(draft, entry, reading.command, context) : reading;
    }
  }
}

function applyCommand(
  draft: Draft,
  entry: Entry,
  command: CommandBody,
  context: JudgingContext,
): Effect {
  switch (command.$case) {
    case 'request': {
      const verdict = applyRequest(draft, entry, command.value, context);
      return {
        verdict,
        named: slotsOf(command.value.firstAttempt),
        changedTasks: verdict.result.kind === 'opened' ? [verdict.result.task] : [],
      };
    }
    case 'attempt':
      return applyAttempt(draft, entry, command.value, context);
    case 'ready': {
      const task = readReservation(draft, command.value.keyId);
      const changed = applyReady(draft, command.value, entry.timeMs, context);
      if (!changed || task === undefined) return {};
      return {
        changedTasks: [task],
        changedKeys: readKey(draft, command.value.keyId) ? [keyId(command.value.keyId)] : [],
      };
    }
    case 'installed':
      return applyInstalled(draft, command.value, context)
        ? { changedKeys: [keyId(command.value.keyId)] }
        : {};
    case 'done':
      return applyDone(draft, entry, command.value, context);
    case 'failed':
      return applyFailed(draft, entry, command.value, context);
  }
}

function applyAttempt(
  draft: Draft,
  entry: Entry,
  attempt: Attempt,
  context: JudgingContext,
): Effect {
  const named = slotsOf(attempt);
  const task = openTask(draft, attempt.taskId, context);
  if (task === undefined) return { named };
  const record = admitAttempt(draft, entry, task, attempt, context);
  if (record === undefined) return { named, alarm: 'an attempt that breaks the rules' };
  // Earlier attempts of a Sign stay valid; of a generate-key only the newest counts, and with it what is said of it.
  const attempts = [...task.record.attempts, record];
  writeTask(draft, { ...task.record, attempts, ready: [] });
  return { named, changedTasks: [taskId(attempt.taskId)] };
}

function applyDone(draft: Draft, entry: Entry, done: Done, context: JudgingContext): Effect {
  const task = openTask(draft, done.taskId, context);
  if (task === undefined) return {};
  const { record, asked, rules } = task;
  const attempt = record.attempts[done.attempt - 1];
  const value = attempt && rules.result(draft, asked, attempt, done.material);
  if (value === undefined) return { alarm: 'a done entry that breaks the rules' };
  closeTask(draft, record, { $case: 'result', value }, entry.timeMs, context);
  return { changedTasks: [taskId(done.taskId)] };
}

function openTask(draft: Draft, id: string, { kinds }: JudgingContext): OpenTask | undefined {
  const task = readTask(draft, id);
  return isOpen(task) ? parseTask(kinds, task) : undefined;
}

type OpenTask = NonNullable<ReturnType<typeof parseTask>>;

function applyFailed(draft: Draft, entry: Entry, failed: Failed, context: JudgingContext): Effect {
  const task = readTask(draft, failed.taskId);
  if (!isOpen(task)) return {};
  const wellFormed =
    /^[A-Z][A-Z0-9_]*$/.test(failed.reason) &&
    failed.reason.length <= REASON_CHARS_MAX &&
    failed.evidence.length <= EVIDENCE_ITEMS_MAX &&
    failed.evidence.reduce((sum, { length }) => sum + length, 0) <= EVIDENCE_BYTES_MAX;
  if (!wellFormed) return { alarm: 'a failed entry that breaks the rules' };
  const { reason, evidence } = failed;
  closeTask(draft, task, { $case: 'failed', value: { reason, evidence } }, entry.timeMs, context);
  return { changedTasks: [taskId(task.taskId)] };
}
