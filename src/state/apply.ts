import type { AlarmKind } from '../alarms/index.js';
import { equal } from '../common/index.js';
import type { Millis } from '../common/index.js';
import type { Entry } from '../ports/index.js';
import type { Attempt, Done, Failed } from '../wire/index.js';
import { applyDestroyed } from './apply-destroyed.js';
import { applyInstalled, applyReady } from './apply-facts.js';
import { applyObservations, applySwitch } from './apply-monitor.js';
import { applyPrepared } from './apply-prepared.js';
import { applyRequest } from './apply-request.js';
import { admitAttempt, attemptOpened } from './attempts.js';
import { clusterTime } from './clock.js';
import { readCommand } from './command.js';
import type { CommandReading } from './command.js';
import type { StateEvent } from './events.js';
import { evidenceBytesMax } from './evidence-room.js';
import type { JudgingContext, Moment } from './kind-rules.js';
import { EVIDENCE_ITEMS_MAX, REASON_CHARS_MAX } from './limits.js';
import { writeMembers } from './members.js';
import { parseTask } from './parse.js';
import {
  ADDRESS,
  indexSession,
  readTask,
  readTotals,
  unindexSession,
  writeLevel,
  writeTask,
  writeTotals,
} from './records.js';
import { closeTask, isOpen, suppliesOf } from './tasks.js';
import { applyUpkeep } from './upkeep.js';
import { Draft } from './view.js';
import type { StateWrite, View } from './view.js';

/** The effects of one entry: writes as data, and events, in order. */
export type Applied = {
  readonly writes: readonly StateWrite[];
  readonly events: readonly StateEvent[];
};

/**
 * Applies one committed entry. Total: any bytes give effects or nothing, never an exception. A function of the state
 * before and the entry alone, so every node comes to the same state.
 */
export function apply(view: View, entry: Entry, context: JudgingContext): Applied {
  const draft = new Draft(view);
  const timeMs = BigInt(clusterTime(view, entry.timeMs));
  writeTotals(draft, { ...readTotals(view), timeMs, entryHash: entry.hash });
  const events = applyKind(draft, entry, context);
  return { writes: draft.writes(), events };
}

function applyKind(draft: Draft, entry: Entry, context: JudgingContext): readonly StateEvent[] {
  switch (entry.kind) {
    case 'genesis':
      if (entry.index !== 1 || !equal(entry.payload, context.genesis.bytes)) {
        return voidEntry('a genesis entry that is not the genesis');
      }
      draft.put(ADDRESS.genesis, entry.payload);
      writeLevel(draft, context.genesis.level, undefined);
      writeMembers(draft, context.genesis.members);
      return [];
    case 'no-op':
      return [];
    case 'member':
      return voidEntry('a member entry, which this version does not know');
    case 'command': {
      const reading = readCommand(draft, entry.payload);
      return reading.ok ? applyCommand(draft, entry, reading, context) : voidEntry(reading.alarm);
    }
  }
}

function applyCommand(
  draft: Draft,
  entry: Entry,
  { command, level }: Extract<CommandReading, { ok: true }>,
  context: JudgingContext,
): readonly StateEvent[] {
  switch (command.$case) {
    case 'request':
      return [
        ...namedIn(command.value.firstAttempt),
        ...applyRequest(draft, entry, command.value, level, context),
      ];
    case 'attempt':
      return [...namedIn(command.value), ...applyAttempt(draft, entry, command.value, context)];
    case 'ready':
      return applyReady(draft, command.value, momentOf(draft, entry), context);
    case 'installed':
      return applyInstalled(draft, command.value, context);
    case 'done':
      return applyDone(draft, command.value, context);
    case 'failed':
      return applyFailed(draft, command.value, context);
    case 'upkeep':
      return applyUpkeep(draft, entry, command.value, level, context);
    case 'prepared':
      return applyPrepared(draft, command.value, nowOf(draft), context);
    case 'destroyed':
      return applyDestroyed(draft, command.value, nowOf(draft), context);
    case 'checkpoint':
      return [{ type: 'checkpoint-asked' }];
    case 'observations':
      return applyObservations(draft, entry, command.value, nowOf(draft), context);
    case 'leaderSwitch':
      return applySwitch(draft, entry, command.value, context);
  }
}

function applyAttempt(
  draft: Draft,
  entry: Entry,
  attempt: Attempt,
  context: JudgingContext,
): readonly StateEvent[] {
  const task = openTask(draft, attempt.taskId, context);
  if (task === undefined) return [];
  const record = admitAttempt(draft, entry, task, attempt, context);
  if (record === undefined) {
    const isOutdated = task.rules.isOutdated?.(draft, task.asked, attempt, context) === true;
    return isOutdated ? [] : voidEntry('an attempt that breaks the rules');
  }
  // Earlier attempts of a Sign stay valid; of a generate-key and of a prepare only the newest counts, and with it what is said of it.
  const { attempts } = task.record;
  writeTask(draft, { ...task.record, attempts: [...attempts, record], ready: [], prepared: [] });
  if (task.rules.sharing !== undefined || task.rules.preparation !== undefined) {
    for (const { sessionId } of attempts) unindexSession(draft, sessionId);
    indexSession(draft, record.sessionId, attempt.taskId);
  }
  return [attemptOpened(attempt.taskId, record)];
}

function applyDone(draft: Draft, done: Done, context: JudgingContext): readonly StateEvent[] {
  const task = openTask(draft, done.taskId, context);
  if (task === undefined) return [];
  const { record, asked, rules } = task;
  const attempt = record.attempts[done.attempt - 1];
  const value = attempt && rules.result(draft, asked, attempt, done.material, context);
  if (value === undefined) return voidEntry('a done entry that breaks the rules');
  return [closeTask(draft, record, { $case: 'result', value }, nowOf(draft), context)];
}

function openTask(draft: Draft, id: string, { kinds }: JudgingContext): OpenTask | undefined {
  const task = readTask(draft, id);
  return isOpen(task) ? parseTask(kinds, task) : undefined;
}

type OpenTask = NonNullable<ReturnType<typeof parseTask>>;

function applyFailed(draft: Draft, failed: Failed, context: JudgingContext): readonly StateEvent[] {
  const task = readTask(draft, failed.taskId);
  if (!isOpen(task)) return [];
  const wellFormed =
    context.kinds[task.kind]?.endsByFactsAlone !== true &&
    /^[A-Z][A-Z0-9_]*$/.test(failed.reason) &&
    failed.reason.length <= REASON_CHARS_MAX &&
    failed.evidence.length <= EVIDENCE_ITEMS_MAX &&
    failed.evidence.reduce((sum, { length }) => sum + length, 0) <= evidenceBytesMax(draft);
  if (!wellFormed) return voidEntry('a failed entry that breaks the rules');
  const { reason, evidence } = failed;
  const outcome = { $case: 'failed', value: { reason, evidence } } as const;
  return [closeTask(draft, task, outcome, nowOf(draft), context)];
}

function momentOf(draft: Draft, { index, timeMs: logMs }: Entry): Moment {
  return { index, timeMs: nowOf(draft), logMs };
}

/** The state machine's clock at the entry that is being applied. */
function nowOf(draft: Draft): Millis {
  return Number(readTotals(draft).timeMs);
}

function namedIn(attempt: Attempt | undefined): readonly StateEvent[] {
  const supplies = suppliesOf(attempt);
  const presignature = attempt?.presignature;
  return [
    ...(supplies.length === 0 ? [] : [{ type: 'supplies-named', supplies } as const]),
    ...(presignature === undefined ? [] : [{ type: 'presignature-named', presignature } as const]),
  ];
}

function voidEntry(why: AlarmKind): readonly StateEvent[] {
  return [{ type: 'void-entry', why }];
}
