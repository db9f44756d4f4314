import { isTaskId, refusal, refuse } from '../../common/index.js';
import type { Refusal } from '../../common/index.js';
import { CancelTaskRequest, decode, encode, TaskCancelledResult } from '../../wire/index.js';
import type { TaskRecord } from '../../wire/index.js';
import type { KindRules, ParsedRequest } from '../kind-rules.js';
import { RESHARE_LEVEL } from '../limits.js';
import { METHODS } from '../methods.js';
import { readTask } from '../records.js';
import { checkId, notCanonical, refuseField } from '../request-fields.js';
import { closeTask, isOpen } from '../tasks.js';

export type ParsedCancelTask = ParsedRequest & {
  readonly kind: 'cancel-task';
  /** Of the task that is to end. */
  readonly taskId: string;
};

/**
 * Ends an open task that makes a key or a version of one, for its requester or an operator. Done by being applied. A task that has
 * made its key is closed, so what is active stays.
 */
export const cancelTaskRules: KindRules<ParsedCancelTask> = {
  kind: 'cancel-task',
  level: RESHARE_LEVEL,
  method: METHODS.cancelTask,
  askers: { roles: ['operator', 'app'], voucher: true },
  opensWithAttempt: false,

  parse(bytes) {
    const request = decode(CancelTaskRequest, bytes);
    if (request === undefined) return notCanonical('CancelTaskRequest');
    const { requestId, taskId } = request;
    const wrong = checkId('request_id', requestId);
    if (wrong !== undefined) return { ok: false, refusal: wrong };
    return isTaskId(taskId)
      ? { ok: true, value: { kind: 'cancel-task', requestId, taskId } }
      : refuseField('task_id', 'INVALID_ID', 'task_id is 26 characters of a-z and 2-7');
  },

  /** Of others' tasks an app does not learn whether they exist. */
  checkAccess(view, { taskId }, { role, spiffeId }) {
    const isOwn = readTask(view, taskId)?.requester === spiffeId;
    if (role === 'operator' || isOwn) return undefined;
    return refusal('forbidden', 'TASK_NOT_YOURS', `There is no task ${taskId} of ${spiffeId}`);
  },

  admit(view, { taskId }, { kinds }) {
    const task = readTask(view, taskId);
    if (task === undefined) {
      return refuse('not-found', 'TASK_NOT_FOUND', `There is no task ${taskId}`, {
        field: 'task_id',
      });
    }
    const wrong = isOpen(task)
      ? checkKind(task, kinds[task.kind]?.cancellable === true)
      : refusal('wrong-state', 'TASK_CLOSED', `Task ${taskId} has an outcome already`, {
          field: 'task_id',
        });
    return wrong === undefined
      ? { ok: true, value: { participants: [], key: undefined } }
      : { ok: false, refusal: wrong };
  },

  participants: () => [],
  fitsAttempt: () => false,
  open: (_, { asked }) => encode(TaskCancelledResult, { taskId: asked.taskId }),

  effects(draft, { record, asked }, timeMs, context) {
    const task = readTask(draft, asked.taskId);
    if (!isOpen(task)) return [];
    const outcome = { $case: 'cancelled', value: { requester: record.requester } } as const;
    return [closeTask(draft, task, outcome, timeMs, context)];
  },

  result: () => undefined,
  close: () => undefined,
};

/** The recorded result of a task that ended another; `undefined` for any other. */
export function taskCancelledOf({ kind, outcome }: TaskRecord): TaskCancelledResult | undefined {
  return kind === cancelTaskRules.kind && outcome?.$case === 'result'
    ? decode(TaskCancelledResult, outcome.value)
    : undefined;
}

function checkKind({ taskId, kind }: TaskRecord, isCancellable: boolean): Refusal | undefined {
  if (isCancellable) return undefined;
  return refusal(
    'wrong-state',
    'NOT_CANCELLABLE',
    `Task ${taskId} is a ${kind}, which ends by itself`,
    { field: 'task_id' },
  );
}
