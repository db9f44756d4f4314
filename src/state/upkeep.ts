import { toHex } from '../common/index.js';
import type { Millis } from '../common/index.js';
import { requestHash, taskIdOf } from '../identity/index.js';
import type { Entry } from '../ports/index.js';
import type { TaskRecord, Upkeep } from '../wire/index.js';
import { clusterTime } from './clock.js';
import type { StateEvent } from './events.js';
import type { JudgingContext } from './kind-rules.js';
import { UPKEEP_LIFE_MS } from './limits.js';
import { parseAsked } from './parse.js';
import { NO_REQUESTER, readLevel } from './records.js';
import { insertTask } from './tasks.js';
import { runTimers } from './timers.js';
import type { Draft, View } from './view.js';

/**
 * Opens a task that the cluster asks of itself. The entry has no authority: that the task is due at its time is for each node
 * to see.
 *
 * @param level - What the entry names: the feature level that the request is read by.
 */
export function applyUpkeep(
  draft: Draft,
  entry: Entry,
  { method, request }: Upkeep,
  level: number,
  context: JudgingContext,
): readonly StateEvent[] {
  const parsed = parseAsked(context.kinds, method, request, level);
  const upkeep = parsed.ok ? parsed.value.rules.upkeep : undefined;
  const timeMs = clusterTime(draft, entry.timeMs);
  if (!parsed.ok || upkeep === undefined) return VOID;
  if (!upkeep.isDue(draft, parsed.value.asked, timeMs, context)) {
    return upkeep.isOvertaken(draft, parsed.value.asked, timeMs) ? [] : VOID;
  }
  runTimers(draft, timeMs);
  const { asked, rules } = parsed.value;
  // No requester and no request id name it: the entry does.
  const taskId = taskIdOf(NO_REQUESTER, toHex(entry.hash));
  const task: TaskRecord = {
    taskId,
    kind: rules.kind,
    keyId: asked.keyId ?? '',
    requestId: '',
    requester: NO_REQUESTER,
    createTimeMs: BigInt(timeMs),
    expireTimeMs: BigInt(timeMs + UPKEEP_LIFE_MS),
    endTimeMs: 0n,
    method,
    request,
    authorization: undefined,
    requestHash: requestHash(method, request),
    attempts: [],
    ready: [],
    outcome: undefined,
    counted: false,
    prepared: [],
  };
  insertTask(draft, task);
  rules.open(draft, { record: task, asked }, { ...NOTHING, method, request }, context);
  return [{ type: 'upkeep-opened', task: taskId, kind: rules.kind }];
}

const VOID: readonly StateEvent[] = [{ type: 'void-entry', why: 'upkeep that is not due' }];
const NOTHING = { authorization: undefined, firstAttempt: undefined };

/**
 * The tasks that a leader is to open at this time by the state machine's clock: each is due.
 *
 * @param reaches - Whether the leader can reach all of these nodes.
 */
export function dueUpkeep(
  view: View,
  context: JudgingContext,
  timeMs: Millis,
  reaches: (nodes: readonly string[]) => boolean = () => true,
): readonly Upkeep[] {
  const level = readLevel(view);
  return Object.values(context.kinds).flatMap(({ method, upkeep, level: from }) =>
    upkeep === undefined || from > level
      ? []
      : upkeep.due(view, timeMs, context, reaches).map((request) => ({ method, request })),
  );
}
