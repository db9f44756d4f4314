import { taskId, toHex } from '../common/index.js';
import { decisionHash } from '../identity/index.js';
import type { Entry } from '../ports/index.js';
import { encode, RequestAuthorization } from '../wire/index.js';
import type { Request, TaskRecord } from '../wire/index.js';
import { admitAttempt, attemptOpened } from './attempts.js';
import { clusterTime } from './clock.js';
import type { AppliedDecision, StateEvent } from './events.js';
import { examine } from './admit-request.js';
import type { NewTask } from './admit-request.js';
import type { JudgingContext } from './kind-rules.js';
import { parseRequest } from './parse.js';
import { countsShares } from './requesters.js';
import { closeTask, insertTask } from './tasks.js';
import { runTimers } from './timers.js';
import type { Draft } from './view.js';

/** The name under which the decision on `request` will be given. */
export function decisionHashOf(request: Request): Uint8Array {
  const authorization = request.authorization ?? { by: undefined };
  return decisionHash(request.method, request.request, encode(RequestAuthorization, authorization));
}

/**
 * Opens a task, or finds it, or refuses; a refused request leaves no trace. One whose form is refused is malformed, and
 * the entry void with an alarm: no honest leader proposes it, and what a later build could read of it says nothing here.
 *
 * @param level - What the entry names: the feature level that the request is read by.
 */
export function applyRequest(
  draft: Draft,
  entry: Entry,
  request: Request,
  level: number,
  context: JudgingContext,
): readonly StateEvent[] {
  const hash = toHex(decisionHashOf(request));
  const parsed = parseRequest(context.kinds, request.method, request.request, level);
  if (!parsed.ok) {
    const { method } = request;
    const result = { kind: 'refused', refusal: parsed.refusal } as const;
    return [
      { type: 'request-decided', hash, method, requester: undefined, result },
      { type: 'void-entry', why: 'a request that cannot be read' },
    ];
  }
  const timeMs = clusterTime(draft, entry.timeMs);
  runTimers(draft, timeMs);
  const { requester, judged } = examine(draft, request, parsed.value, timeMs, context);
  const by = request.authorization?.by;
  const vouchedBy = by?.$case === 'voucher' ? by.value.nodeId : undefined;
  const decided = (result: AppliedDecision['result']): StateEvent => {
    const { keyId, requestId } = parsed.value.asked;
    const asked = { method: request.method, requester, vouchedBy, keyId, requestId };
    return { type: 'request-decided', hash, ...asked, result };
  };
  if (!judged.ok) return [decided({ kind: 'refused', refusal: judged.refusal })];
  const ruling = judged.value;
  if (ruling.kind === 'known') {
    return [decided({ kind: 'known', task: taskId(ruling.task.taskId) })];
  }
  const opened = open(draft, entry, request, ruling, context);
  return [decided({ kind: 'opened', task: ruling.taskId }), ...opened];
}

function open(
  draft: Draft,
  entry: Entry,
  request: Request,
  ruling: NewTask,
  context: JudgingContext,
): readonly StateEvent[] {
  const { rules, asked, timeMs } = ruling;
  const task = withFirstAttempt(draft, entry, request, ruling, context);
  insertTask(draft, task);
  const attempts = task.attempts.map((each) => attemptOpened(task.taskId, each));
  const value = rules.open(draft, { record: task, asked }, request, context);
  const effects = rules.effects?.(draft, { record: task, asked }, timeMs, context) ?? [];
  const events = [...attempts, ...effects];
  return value === undefined
    ? events
    : [...events, closeTask(draft, task, { $case: 'result', value }, timeMs, context)];
}

function taskOf(request: Request, ruling: NewTask, counted: boolean): TaskRecord {
  return {
    taskId: ruling.taskId,
    kind: ruling.rules.kind,
    keyId: ruling.asked.keyId ?? '',
    requestId: ruling.asked.requestId,
    requester: ruling.authority.requester.spiffeId,
    createTimeMs: BigInt(ruling.timeMs),
    expireTimeMs: BigInt(ruling.authority.expireTimeMs),
    endTimeMs: 0n,
    method: request.method,
    request: request.request,
    authorization: request.authorization,
    requestHash: ruling.content,
    attempts: [],
    ready: [],
    outcome: undefined,
    counted,
    prepared: [],
  };
}

/** A first attempt that breaks a rule is as if it were not there: the task opens without it. */
function withFirstAttempt(
  draft: Draft,
  entry: Entry,
  request: Request,
  ruling: NewTask,
  context: JudgingContext,
): TaskRecord {
  const { rules, asked } = ruling;
  const record = taskOf(request, ruling, countsShares(draft));
  if (request.firstAttempt === undefined || !rules.opensWithAttempt) return record;
  const task = { record, asked, rules };
  const attempt = admitAttempt(draft, entry, task, request.firstAttempt, context, true);
  return attempt === undefined ? record : { ...record, attempts: [attempt] };
}
