import type { KeyId, TaskId } from '../common/index.js';
import { equal, keyId, taskId } from '../common/index.js';
import { algorithmOf, ALGORITHMS } from '../identity/index.js';
import type { Entry } from '../ports/index.js';
import type { Attempt, Done, Failed, NonceSlot } from '../wire/index.js';
import { applyInstalled, applyReady } from './apply-facts.js';
import { applyRequest } from './apply-request.js';
import type { Verdict } from './apply-request.js';
import { admitAttempt } from './attempts.js';
import type { Rules } from './authority.js';
import { readCommand } from './command.js';
import type { CommandBody } from './command.js';
import { EVIDENCE_BYTES_MAX, EVIDENCE_ITEMS_MAX, REASON_CHARS_MAX } from './limits.js';
import { signOf } from './participants.js';
import {
  ADDRESS,
  readClock,
  readKey,
  readReservation,
  readTask,
  writeClock,
  writeLevel,
  writeTask,
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
export function apply(view: View, entry: Entry, rules: Rules): Applied {
  const draft = new Draft(view);
  writeClock(draft, { ...readClock(draft), timeMs: BigInt(entry.timeMs) });
  const effect = applyKind(draft, entry, rules);
  return {
    writes: draft.writes(),
    changedTasks: effect.changedTasks ?? [],
    changedKeys: effect.changedKeys ?? [],
    named: effect.named ?? [],
    verdict: effect.verdict,
    alarm: effect.alarm,
  };
}

function applyKind(draft: Draft, entry: Entry, rules: Rules): Effect {
  switch (entry.kind) {
    case 'genesis':
      if (entry.index !== 1 || !equal(entry.payload, rules.genesis.bytes)) {
        return { alarm: 'a genesis entry that is not the genesis' };
      }
      draft.put(ADDRESS.genesis, entry.payload);
      writeLevel(draft, rules.genesis.level, undefined);
      return {};
    case 'no-op':
      return {};
    case 'member':
      return { alarm: 'a member entry, which this version does not know' };
    case 'command': {
      const reading = readCommand(draft, entry.payload);
      return reading.ok ? applyCommand(draft, entry, reading.command, rules) : reading;
    }
  }
}

function applyCommand(draft: Draft, entry: Entry, command: CommandBody, rules: Rules): Effect {
  switch (command.$case) {
    case 'request': {
      const verdict = applyRequest(draft, entry, command.value, rules);
      return {
        verdict,
        named: slotsOf(command.value.firstAttempt),
        changedTasks: verdict.result.kind === 'opened' ? [verdict.result.task] : [],
      };
    }
    case 'attempt':
      return applyAttempt(draft, entry, command.value, rules);
    case 'ready': {
      const task = readReservation(draft, command.value.keyId);
      const changed = applyReady(draft, command.value, entry.timeMs, rules);
      if (!changed || task === undefined) return {};
      return {
        changedTasks: [task],
        changedKeys: readKey(draft, command.value.keyId) ? [keyId(command.value.keyId)] : [],
      };
    }
    case 'installed':
      return applyInstalled(draft, command.value, rules)
        ? { changedKeys: [keyId(command.value.keyId)] }
        : {};
    case 'done':
      return applyDone(draft, entry, command.value);
    case 'failed':
      return applyFailed(draft, entry, command.value);
  }
}

function applyAttempt(draft: Draft, entry: Entry, attempt: Attempt, rules: Rules): Effect {
  const named = slotsOf(attempt);
  const task = readTask(draft, attempt.taskId);
  if (!isOpen(task)) return { named };
  const record = admitAttempt(draft, entry, task, attempt, rules);
  if (record === undefined) return { named, alarm: 'an attempt that breaks the rules' };
  // Earlier attempts of a Sign stay valid; of a generate-key only the newest counts, and with it what is said of it.
  writeTask(draft, { ...task, attempts: [...task.attempts, record], ready: [] });
  return { named, changedTasks: [taskId(task.taskId)] };
}

function applyDone(draft: Draft, entry: Entry, done: Done): Effect {
  const task = readTask(draft, done.taskId);
  if (!isOpen(task)) return {};
  const key = readKey(draft, task.keyId);
  const asked = signOf(task);
  const attempt = task.attempts[done.attempt - 1]?.attempt;
  if (
    asked === undefined ||
    key === undefined ||
    attempt === undefined ||
    done.signature.length !== ALGORITHMS[algorithmOf(key)].signatureBytes
  ) {
    return { alarm: 'a done entry that breaks the rules' };
  }
  closeTask(
    draft,
    task,
    {
      $case: 'signature',
      value: {
        signature: done.signature,
        publicKey: key.publicKey,
        keyVersion: attempt.version,
        signers: slotsOf(attempt).map(({ nodeId }) => nodeId),
        derivationPath: [...asked.path],
      },
    },
    entry.timeMs,
  );
  return { changedTasks: [taskId(task.taskId)] };
}

function applyFailed(draft: Draft, entry: Entry, failed: Failed): Effect {
  const task = readTask(draft, failed.taskId);
  if (!isOpen(task)) return {};
  const wellFormed =
    /^[A-Z][A-Z0-9_]*$/.test(failed.reason) &&
    failed.reason.length <= REASON_CHARS_MAX &&
    failed.evidence.length <= EVIDENCE_ITEMS_MAX &&
    failed.evidence.reduce((sum, { length }) => sum + length, 0) <= EVIDENCE_BYTES_MAX;
  if (!wellFormed) return { alarm: 'a failed entry that breaks the rules' };
  const { reason, evidence } = failed;
  closeTask(draft, task, { $case: 'failed', value: { reason, evidence } }, entry.timeMs);
  return { changedTasks: [taskId(task.taskId)] };
}
