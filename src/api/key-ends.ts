import { assert } from '../common/index.js';
import { taskIdOf } from '../identity/index.js';
import type {
  DestroyKeyResponse,
  Key,
  RestoreKeyResponse,
  RetireKeyResponse,
} from '../wire/index.js';
import type { ApiContext, Call } from './call.js';
import { readMutation } from './decode.js';
import { untilNearlyLate } from './keys.js';
import { presentKey } from './present.js';
import { claimedRequester, lifetimeMsOf, submissionOf } from './submit.js';

/** Takes a key out of use. */
export function retireKey(context: ApiContext, call: Call): Promise<RetireKeyResponse> {
  return changeKey(context, call);
}

/** Puts a retired key back in use. */
export function restoreKey(context: ApiContext, call: Call): Promise<RestoreKeyResponse> {
  return changeKey(context, call);
}

/** Erases a retired key everywhere. The answer is the key, or the task alone when a node has not confirmed shortly before the deadline. */
export async function destroyKey(context: ApiContext, call: Call): Promise<DestroyKeyResponse> {
  const { requestId } = readMutation(call.method, call.bytes);
  const submission = submissionOf(context, call, lifetimeMsOf(call), true);
  const backend = context.backend();
  const taskId = taskIdOf(claimedRequester(submission), requestId);
  const late = untilNearlyLate(backend, taskId, call.time);
  const task = await Promise.race([backend.submit(submission), late]);
  if (task === 'late') return { key: undefined, taskId };
  const key = backend.local().key(task.keyId);
  return { key: key && presentKey(context.genesis.clusterId, key), taskId };
}

/** A request about a key's life, which counts only when its requester has signed it, and is done by being applied. */
async function changeKey(
  context: ApiContext,
  call: Call,
): Promise<{ readonly key: Key; readonly taskId: string }> {
  readMutation(call.method, call.bytes);
  const backend = context.backend();
  const task = await backend.submit(submissionOf(context, call, lifetimeMsOf(call), true));
  const key = backend.local().key(task.keyId);
  assert(key !== undefined, 'a key whose stage has changed is there');
  const shown = presentKey(context.genesis.clusterId, key, backend.local().correctionMs());
  return { key: shown, taskId: task.taskId };
}
