import { ClusterError, isTaskId } from '../common/index.js';
import type { Identity } from '../identity/index.js';
import { encode, GetTaskRequest, ListTasksRequest, Task } from '../wire/index.js';
import type { GetTaskResponse, ListTasksResponse, TaskRecord } from '../wire/index.js';
import type { ApiContext, Call } from './call.js';
import { readMessage } from './decode.js';
import { SCANNED_TASKS_MAX } from './limits.js';
import { cutPage } from './page.js';
import { presentTask } from './present.js';

/** Shows one task to a caller that it concerns. */
export async function getTask(context: ApiContext, call: Call): Promise<GetTaskResponse> {
  const { taskId } = readMessage(GetTaskRequest, call.bytes);
  if (!isTaskId(taskId))
    throw new ClusterError('invalid-request', 'task_id is 26 characters of a-z and 2-7', {
      reason: 'INVALID_ID',
      field: 'task_id',
    });
  const backend = context.backend();
  const record = (await backend.read(call.time.signal)).task(taskId);
  if (record !== undefined && maySee(call.caller, record))
    return { task: presentTask(record, backend.culprits(record)) };
  throw seesAllTasks(call.caller) ? notFound(taskId) : notYours(taskId);
}

/** Shows the tasks that concern the caller, a page at a time. */
export async function listTasks(context: ApiContext, call: Call): Promise<ListTasksResponse> {
  const request = readMessage(ListTasksRequest, call.bytes);
  const queries = await context.backend().read(call.time.signal);
  const { items, nextPageToken } = cutPage(
    request,
    (after, limit) => queries.tasks(after, limit, request.openOnly),
    (record) => record.taskId,
    (record) => (maySee(call.caller, record) ? presentTask(record) : undefined),
    (task) => encode(Task, task).length,
    SCANNED_TASKS_MAX,
  );
  return { tasks: items, nextPageToken };
}

/** Tasks and their signatures are for their requester, operators and auditors (`docs/threats.md`, limits and blame). */
function maySee(caller: Identity, task: TaskRecord): boolean {
  return seesAllTasks(caller) || task.requester === caller.spiffeId;
}

/** Claims that `caller` sees the tasks and signatures of all requesters; an `app` sees its own. */
function seesAllTasks(caller: Identity): boolean {
  return caller.role === 'operator' || caller.role === 'auditor';
}

function notFound(taskId: string): ClusterError {
  return new ClusterError('not-found', `There is no task ${taskId}`, { reason: 'TASK_NOT_FOUND' });
}

/** The same for another requester's task and for one that does not exist: whether it exists is not told. */
function notYours(taskId: string): ClusterError {
  return new ClusterError('forbidden', `Task ${taskId} is not one of yours`, {
    reason: 'TASK_NOT_YOURS',
  });
}
