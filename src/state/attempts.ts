import { equal, fromHex, sessionId, taskId, toHex } from '../common/index.js';
import { sessionIdOf } from '../identity/index.js';
import type { Entry } from '../ports/index.js';
import { levelNamed } from '../wire/index.js';
import type { Attempt, AttemptRecord } from '../wire/index.js';
import { correctionOf } from './clock.js';
import type { StateEvent } from './events.js';
import type { AskedTask, JudgingContext, KindRules } from './kind-rules.js';
import { ATTEMPTS_MAX } from './limits.js';
import { readTotals } from './records.js';
import { nodesIn } from './tasks.js';
import type { Draft } from './view.js';

/**
 * The record of an attempt that keeps the rules, or `undefined` for one that breaks any: the task's request, number in order, and
 * what its kind asks of version, session and participants. Points are not decoded here: no curve arithmetic decides state.
 *
 * @param inRequest - Whether the entry is that of the request.
 */
export function admitAttempt(
  draft: Draft,
  entry: Entry,
  { record: task, asked, rules }: AskedTask & { readonly rules: KindRules },
  attempt: Attempt,
  context: JudgingContext,
  inRequest = false,
): AttemptRecord | undefined {
  const number = task.attempts.length + 1;
  const wellFormed =
    attempt.taskId === task.taskId &&
    equal(attempt.requestHash, task.requestHash) &&
    attempt.number === number &&
    number <= ATTEMPTS_MAX;
  if (!wellFormed || !rules.fitsAttempt(draft, asked, attempt, context)) return undefined;
  return {
    attempt,
    sessionId: fromHex(sessionIdOf(context.genesis.clusterId, entry.hash)) ?? new Uint8Array(0),
    index: BigInt(entry.index),
    timeMs: BigInt(entry.timeMs),
    term: BigInt(entry.term),
    previousHash: readTotals(draft.before).entryHash,
    level: levelNamed(entry.payload) ?? 0,
    inRequest,
    correctionMs: BigInt(correctionOf(draft)),
  };
}

/** Tells that an attempt was admitted. */
export function attemptOpened(
  task: string,
  { attempt, sessionId: session }: AttemptRecord,
): StateEvent {
  return {
    type: 'attempt-opened',
    task: taskId(task),
    number: attempt?.number ?? 0,
    session: sessionId(toHex(session)),
    nodes: nodesIn(attempt),
  };
}
