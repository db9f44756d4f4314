import type { UntypedHandleCall } from '@grpc/grpc-js';
import { ClusterError } from '../../common/index.js';
import type { Identity } from '../../identity/index.js';
import { encode, GetTaskRequest, ListTasksRequest, Task } from '../../wire/index.js';
import type { GetTaskResponse, ListTasksResponse, TaskRecord } from '../../wire/index.js';
import { TaskServiceService } from '../../wire/services.js';
import { readMessage } from '../decode.js';
import { SCANNED_TASKS_MAX } from '../limits.js';
import { cutPage } from './page.js';
import { presentTask } from './present.js';
import { seesAllTasks } from '../roles.js';
import { unary } from '../unary.js';
import type { Call, ServiceContext } from '../unary.js';

const TASK_ID = /^[a-z2-7]{26}$/;

/** TaskService: shows the work that the cluster does and has done, each task to whom it concerns. */
export function taskService(
  context: ServiceContext,
): Record<keyof typeof TaskServiceService, UntypedHandleCall> {
  const getTask = async (call: Call<GetTaskRequest>): Promise<GetTaskResponse> => {
    const { taskId } = call.request;
    if (!TASK_ID.test(taskId))
      throw new ClusterError('invalid-request', 'task_id is 26 characters of a-z and 2-7', {
        reason: 'INVALID_ID',
        field: 'task_id',
      });
    const queries = await context.backend().read(call.time.signal);
    const record = queries.task(taskId);
    if (record !== undefined && maySee(call.caller, record)) {
      return {
        task: presentTask(record, context.backend().culprits(record)),
      };
    }
    throw seesAllTasks(call.caller) ? notFound(taskId) : notYours(taskId);
  };

  const listTasks = async (call: Call<ListTasksRequest>): Promise<ListTasksResponse> => {
    const queries = await context.backend().read(call.time.signal);
    const { items, nextPageToken } = cutPage(
      call.request,
      (after, limit) => queries.tasks(after, limit, call.request.openOnly),
      (record) => record.taskId,
      (record) => (maySee(call.caller, record) ? presentTask(record) : undefined),
      (task) => encode(Task, task).length,
      SCANNED_TASKS_MAX,
    );
    return { tasks: items, nextPageToken };
  };

  const { getTask: get, listTasks: list } = TaskServiceService;
  return {
    getTask: unary(context, get.path, (bytes) => readMessage(GetTaskRequest, bytes), getTask),
    listTasks: unary(
      context,
      list.path,
      (bytes) => readMessage(ListTasksRequest, bytes),
      listTasks,
    ),
  };
}

/** Tasks and their signatures are for their requester, operators and auditors (`docs/threats.md`, limits and blame). */
function maySee(caller: Identity, task: TaskRecord): boolean {
  return seesAllTasks(caller) || task.requester === caller.spiffeId;
}

function notFound(taskId: string): ClusterError {
  return new ClusterError('not-found', `There is no task ${taskId}`, { reason: 'TASK_NOT_FOUND' });
}

/** The same for a task that is another's and for one that is nobody's: whether it exists is not told. */
function notYours(taskId: string): ClusterError {
  return new ClusterError('forbidden', `Task ${taskId} is not one of yours`, {
    reason: 'TASK_NOT_YOURS',
  });
}
