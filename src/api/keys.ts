import { assert, ClusterError } from '../common/index.js';
import { taskIdOf } from '../identity/index.js';
import { GetKeyRequest, KeyState, ListKeysRequest } from '../wire/index.js';
import type {
  GenerateKeyResponse,
  GetKeyResponse,
  ListKeysResponse,
  ReshareKeyResponse,
  TaskRecord,
} from '../wire/index.js';
import { failureIn, LABELS_MAX } from '../state/index.js';
import type { ActiveKey, KeyStage } from '../state/index.js';
import type { Backend } from './backend.js';
import type { ApiContext, Call, CallTime } from './call.js';
import { readMessage, readMutation, requireId } from './decode.js';
import { EARLY_ANSWER_FRACTION, EARLY_ANSWER_STEP_FRACTION, KEY_LIFETIME_MS } from './limits.js';
import { askedPage } from './page.js';
import { presentKey, stageNamed } from './present.js';
import { claimedRequester, failureOfTask, submissionOf } from './submit.js';
import { seenKey, visibleTo } from './visibility.js';

/** Makes a key. The answer is the key, or its task alone when the key is not there shortly before the deadline. */
export function generateKey(context: ApiContext, call: Call): Promise<GenerateKeyResponse> {
  return madeKey(context, call, false);
}

/** Makes a key's next version, and answers in the same way. Counts only when the requester has signed it. */
export function reshareKey(context: ApiContext, call: Call): Promise<ReshareKeyResponse> {
  return madeKey(context, call, true);
}

async function madeKey(
  context: ApiContext,
  call: Call,
  mustBeSigned: boolean,
): Promise<GenerateKeyResponse> {
  const { requestId } = readMutation(call.method, call.bytes);
  const submission = submissionOf(context, call, KEY_LIFETIME_MS, mustBeSigned);
  const backend = context.backend();
  const taskId = taskIdOf(claimedRequester(submission), requestId);
  const done = backend.submit(submission);
  const task = await Promise.race([done, untilNearlyLate(backend, taskId, call.time)]);
  if (task === 'late') return { key: undefined, taskId };
  const { clusterId } = context.genesis;
  const key = presentKey(clusterId, generatedKey(backend, task), backend.local().correctionMs());
  return { key, taskId: task.taskId };
}

/** Shows one key. */
export async function getKey(context: ApiContext, call: Call): Promise<GetKeyResponse> {
  const { keyId } = readMessage(GetKeyRequest, call.bytes);
  requireId('key_id', keyId);
  const state = await context.backend().read(call.time.signal);
  const record = seenKey(call.caller, keyId, state.key(keyId));
  return { key: presentKey(context.genesis.clusterId, record, state.correctionMs()) };
}

/** Shows the keys that the caller may see, in order of their ids, a page at a time. */
export async function listKeys(context: ApiContext, call: Call): Promise<ListKeysResponse> {
  const request = readMessage(ListKeysRequest, call.bytes);
  const { page, behind } = askedPage(ListKeysRequest, request);
  const { prefix, owner, algorithm, labels, state } = request;
  if (labels.length > LABELS_MAX)
    throw new ClusterError('invalid-request', `A key has at most ${LABELS_MAX} labels`, {
      reason: 'TOO_MANY_LABELS',
      field: 'labels',
    });
  const filter = {
    visibleTo: visibleTo(call.caller),
    prefix,
    owner: owner === '' ? undefined : owner,
    algorithm: algorithm === 0 ? undefined : algorithm,
    labels,
    stage: stageAsked(state),
  };
  if (prefix !== '') requireId('prefix', prefix);
  const by = { signal: call.time.signal, measure: call.measure };
  const backend = context.backend();
  const listed = await backend.listKeys(filter, page, by);
  const { clusterId } = context.genesis;
  const correctionMs = backend.local().correctionMs();
  const present = () => listed.records.map((key) => presentKey(clusterId, key, correctionMs));
  return { keys: call.measure(present), ...behind(listed) };
}

/** @throws ClusterError `invalid-request` for a state that there is not. */
function stageAsked(state: KeyState): KeyStage | undefined {
  const stage = stageNamed(state);
  if (state === KeyState.UNSPECIFIED || stage !== undefined) return stage;
  throw new ClusterError('invalid-request', 'state is not one that this node knows', {
    reason: 'INVALID_FILTER',
    field: 'state',
  });
}

/** Resolves when most of the call's time has passed and the task is known here: its client can ask for it by id. */
export function untilNearlyLate(backend: Backend, taskId: string, time: CallTime): Promise<'late'> {
  return new Promise((resolve) => {
    const look = (): void => {
      if (backend.local().task(taskId) === undefined)
        time.after(time.totalMs * EARLY_ANSWER_STEP_FRACTION, look);
      else resolve('late');
    };
    time.after(time.totalMs * EARLY_ANSWER_FRACTION, look);
  });
}

/** @throws ClusterError when the task failed. */
function generatedKey(backend: Backend, task: TaskRecord): ActiveKey {
  const failure = task.outcome && failureIn(task.outcome);
  if (failure !== undefined) throw failureOfTask(task, failure);
  const record = backend.local().key(task.keyId);
  assert(record !== undefined, 'a task that made a key is done and the key is not there');
  return record;
}
