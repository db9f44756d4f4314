import type { UntypedHandleCall } from '@grpc/grpc-js';
import { assert, ClusterError, isId } from '../../common/index.js';
import { taskIdOf } from '../../identity/index.js';
import { METHODS } from '../../state/index.js';
import { encode, GetKeyRequest, Key, ListKeysRequest } from '../../wire/index.js';
import type {
  GenerateKeyResponse,
  GetKeyResponse,
  ListKeysResponse,
  TaskRecord,
} from '../../wire/index.js';
import { KeyServiceService } from '../../wire/services.js';
import type { Backend } from './backend.js';
import type { CallTime } from '../call-time.js';
import { readMessage, readMutation } from '../decode.js';
import {
  EARLY_ANSWER_FRACTION,
  EARLY_ANSWER_STEP_FRACTION,
  GENERATE_KEY_LIFETIME_MS,
} from '../limits.js';
import { cutPage } from './page.js';
import { presentKey } from './present.js';
import { claimedRequester, failureOfTask, submissionOf } from './submit.js';
import { unary } from '../unary.js';
import type { Call, ServiceContext } from '../unary.js';

/** KeyService: makes keys and tells what is known of them. */
export function keyService(
  context: ServiceContext,
): Record<keyof typeof KeyServiceService, UntypedHandleCall> {
  const { clusterId } = context.genesis;

  const generateKey = async (
    call: Call<{ readonly requestId: string }>,
  ): Promise<GenerateKeyResponse> => {
    const submission = submissionOf(context, call, METHODS.generateKey, GENERATE_KEY_LIFETIME_MS);
    const backend = context.backend();
    const taskId = taskIdOf(claimedRequester(submission), call.request.requestId);
    const done = backend.submit(submission);
    const task = await Promise.race([done, untilNearlyLate(backend, taskId, call.time)]);
    if (task === 'late') return { key: undefined, taskId };
    return { key: presentKey(clusterId, generatedKey(backend, task)), taskId: task.taskId };
  };

  const getKey = async (call: Call<GetKeyRequest>): Promise<GetKeyResponse> => {
    const { keyId } = call.request;
    requireId('key_id', keyId);
    const record = (await context.backend().read(call.time.signal)).key(keyId);
    if (record === undefined)
      throw new ClusterError('not-found', `There is no key ${keyId}`, { reason: 'KEY_NOT_FOUND' });
    return { key: presentKey(clusterId, record) };
  };

  const listKeys = async (call: Call<ListKeysRequest>): Promise<ListKeysResponse> => {
    const queries = await context.backend().read(call.time.signal);
    const { items, nextPageToken } = cutPage(
      call.request,
      (after, limit) => queries.keys(after, limit),
      (record) => record.keyId,
      (record) => presentKey(clusterId, record),
      (key) => encode(Key, key).length,
    );
    return { keys: items, nextPageToken };
  };

  const { generateKey: generate, getKey: get, listKeys: list } = KeyServiceService;
  return {
    generateKey: unary(
      context,
      generate.path,
      (bytes) => readMutation(METHODS.generateKey, bytes),
      generateKey,
    ),
    getKey: unary(context, get.path, (bytes) => readMessage(GetKeyRequest, bytes), getKey),
    listKeys: unary(context, list.path, (bytes) => readMessage(ListKeysRequest, bytes), listKeys),
  };
}

/** Resolves when most of the call's time has passed and the task is known here: its client can ask for it by id. */
function untilNearlyLate(backend: Backend, taskId: string, time: CallTime): Promise<'late'> {
  return new Promise((resolve) => {
    let timer: NodeJS.Timeout;
    const look = (): void => {
      if (backend.local().task(taskId) === undefined)
        timer = setTimeout(look, time.totalMs * EARLY_ANSWER_STEP_FRACTION);
      else resolve('late');
    };
    timer = setTimeout(look, time.totalMs * EARLY_ANSWER_FRACTION);
    time.signal.addEventListener('abort', () => clearTimeout(timer), { once: true });
  });
}

/** @throws ClusterError when the task failed. */
function generatedKey(backend: Backend, task: TaskRecord): NonNullable<ReturnType<KeyRecordOf>> {
  if (task.outcome?.$case === 'failed') throw failureOfTask(task, task.outcome.value.reason);
  const record = backend.local().key(task.keyId);
  assert(record !== undefined, 'a generate-key task is done and its key is not there');
  return record;
}
type KeyRecordOf = ReturnType<Backend['local']>['key'];

/** @throws ClusterError `invalid-request`. */
export function requireId(field: string, id: string): void {
  if (isId(id)) return;
  throw new ClusterError('invalid-request', `${field} must match ^[a-z0-9][a-z0-9_-]{0,62}$`, {
    reason: 'INVALID_ID',
    field,
  });
}
