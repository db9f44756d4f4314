import { compareText, equal, fromHex } from '../common/index.js';
import { algorithmOf, ALGORITHMS, isPointLength, sessionIdOf } from '../identity/index.js';
import type { Entry } from '../ports/index.js';
import { TaskKind } from '../wire/index.js';
import type { Attempt, AttemptRecord, BootedNode, NonceSlot, TaskRecord } from '../wire/index.js';
import type { Rules } from './authority.js';
import { ATTEMPTS_MAX, BOOT_BYTES } from './limits.js';
import { participantsOf } from './participants.js';
import { readKey } from './records.js';
import type { View } from './view.js';

/**
 * The record of an attempt that keeps the rules, or `undefined` for one that breaks any: the task's request, number in order, version and
 * session those of the active sharing, exactly the right number of known participants in order, lengths and counters
 * well formed. Points are not decoded here: no curve arithmetic decides state.
 */
export function admitAttempt(
  view: View,
  entry: Entry,
  task: TaskRecord,
  attempt: Attempt,
  rules: Rules,
): AttemptRecord | undefined {
  const number = task.attempts.length + 1;
  const wellFormed =
    attempt.taskId === task.taskId &&
    equal(attempt.requestHash, task.requestHash) &&
    attempt.number === number &&
    number <= ATTEMPTS_MAX;
  if (!wellFormed) return undefined;
  const fits =
    task.kind === TaskKind.SIGN
      ? fitsSign(view, task, attempt)
      : fitsGenerateKey(task, attempt, rules);
  if (!fits) return undefined;
  return {
    attempt,
    sessionId: fromHex(sessionIdOf(rules.genesis.clusterId, entry.hash)) ?? new Uint8Array(0),
    index: BigInt(entry.index),
    timeMs: BigInt(entry.timeMs),
  };
}

function fitsSign(view: View, task: TaskRecord, attempt: Attempt): boolean {
  const key = readKey(view, task.keyId);
  if (key === undefined || attempt.assignment?.$case !== 'slots') return false;
  const { slots } = attempt.assignment.value;
  const { pointBytes } = ALGORITHMS[algorithmOf(key)];
  const holders = new Set(key.participants.map(({ nodeId }) => nodeId));
  return (
    attempt.version === key.version &&
    equal(attempt.sharingSession, key.sessionId) &&
    slots.length === key.threshold &&
    isSorted(slots) &&
    slots.every(
      (slot) =>
        holders.has(slot.nodeId) &&
        isWellFormedSlot(slot) &&
        slot.hiding.length === pointBytes &&
        slot.binding.length === pointBytes,
    )
  );
}

function fitsGenerateKey(task: TaskRecord, attempt: Attempt, rules: Rules): boolean {
  if (attempt.assignment?.$case !== 'boots') return false;
  const { nodes } = attempt.assignment.value;
  const participants = participantsOf(task, rules.genesis);
  return (
    attempt.version === 1 &&
    attempt.sharingSession.length === 0 &&
    nodes.length === participants.length &&
    nodes.every(
      ({ nodeId, boot }, at) => nodeId === participants[at]?.nodeId && boot.length === BOOT_BYTES,
    )
  );
}

/** Claims that an attempt for some key may name `slot`: lengths and counter, and nothing of its points. */
export function isWellFormedSlot(slot: NonceSlot): boolean {
  return (
    slot.boot.length === BOOT_BYTES &&
    slot.counter > 0n &&
    slot.counter <= BigInt(Number.MAX_SAFE_INTEGER) &&
    isPointLength(slot.hiding.length) &&
    isPointLength(slot.binding.length)
  );
}

/** Strictly rising by node id: sorted, and nobody twice. */
function isSorted(nodes: readonly Pick<BootedNode, 'nodeId'>[]): boolean {
  return nodes.every(
    ({ nodeId }, at) => at === 0 || compareText(nodes[at - 1]?.nodeId ?? '', nodeId) < 0,
  );
}
