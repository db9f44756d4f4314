import { ClusterError, isTaskId } from '../common/index.js';
import { awaitedNodes } from '../state/index.js';
import type { TaskFilter, TaskStanding } from '../state/index.js';
import { GetTaskRequest, ListTasksRequest, TaskState } from '../wire/index.js';
import type {
  CancelTaskResponse,
  GetTaskResponse,
  ListTasksResponse,
  TaskRecord,
} from '../wire/index.js';
import type { ApiContext, Call } from './call.js';
import { readMessage, readMutation, requireId } from './decode.js';
import { askedPage } from './page.js';
import { kindOf, presentTask } from './present.js';
import { lifetimeMsOf, submissionOf } from './submit.js';
import { seenTask, visibleTo } from './visibility.js';

/** Shows one task to a caller that it concerns. */
export async function getTask(context: ApiContext, call: Call): Promise<GetTaskResponse> {
  const { taskId } = readMessage(GetTaskRequest, call.bytes);
  requireTaskId(taskId);
  const backend = context.backend();
  const state = await backend.read(call.time.signal);
  const record = seenTask(call.caller, taskId, state.task(taskId));
  const key = isOfDestroying(record) ? state.key(record.keyId) : undefined;
  const awaited = key === undefined ? [] : awaitedNodes(key).map(({ nodeId }) => nodeId);
  return { task: presentTask(record, await backend.culprits(record), awaited) };
}

/** @throws ClusterError `invalid-request`. */
export function requireTaskId(taskId: string): void {
  if (isTaskId(taskId)) return;
  throw new ClusterError('invalid-request', 'task_id is 26 characters of a-z and 2-7', {
    reason: 'INVALID_ID',
    field: 'task_id',
  });
}

/** Claims of a task that it has a key destroyed. */
export function isOfDestroying({ kind }: TaskRecord): boolean {
  return kind === 'destroy-key';
}

/** Ends an open task that makes a key or a version of one. */
export async function cancelTask(context: ApiContext, call: Call): Promise<CancelTaskResponse> {
  readMutation(call.method, call.bytes);
  const submission = submissionOf(context, call, lifetimeMsOf(call));
  const { taskId } = await context.backend().submit(submission);
  return { taskId };
}

/** Shows the tasks that concern the caller, the newest first, a page at a time. */
export async function listTasks(context: ApiContext, call: Call): Promise<ListTasksResponse> {
  const request = readMessage(ListTasksRequest, call.bytes);
  const { page, behind } = askedPage(ListTasksRequest, request);
  const by = { signal: call.time.signal, measure: call.measure };
  const filter = { ...filterOf(request), visibleTo: visibleTo(call.caller) };
  const listed = await context.backend().listTasks(filter, page, by);
  const present = () => listed.records.map((record) => presentTask(record));
  return { tasks: call.measure(present), ...behind(listed) };
}

/** @throws ClusterError `invalid-request` for a state or a kind that there is not. */
function filterOf({ state, kind, keyId, requester }: ListTasksRequest): TaskFilter {
  const standing = STANDING[state];
  const kindName = kindOf(kind);
  if (state !== TaskState.UNSPECIFIED && standing === undefined) throw unknownValue('state');
  if (kind !== 0 && kindName === undefined) throw unknownValue('kind');
  if (keyId !== '') requireId('key_id', keyId);
  return {
    standing,
    kind: kindName,
    keyId: keyId === '' ? undefined : keyId,
    requester: requester === '' ? undefined : requester,
  };
}

const STANDING: Readonly<Partial<Record<TaskState, TaskStanding>>> = {
  [TaskState.OPEN]: 'open',
  [TaskState.DONE]: 'done',
  [TaskState.FAILED]: 'failed',
  [TaskState.CANCELLED]: 'cancelled',
};

function unknownValue(field: string): ClusterError {
  return new ClusterError('invalid-request', `${field} is not one that this node knows`, {
    reason: 'INVALID_FILTER',
    field,
  });
}
