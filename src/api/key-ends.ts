import { assert } from '../common/index.js';
import type { Key, RestoreKeyResponse, RetireKeyResponse } from '../wire/index.js';
import type { ApiContext, Call } from './call.js';
import { readMutation } from './decode.js';
import { presentKey } from './present.js';
import { lifetimeMsOf, submissionOf } from './submit.js';

/** Takes a key out of use. */
export function retireKey(context: ApiContext, call: Call): Promise<RetireKeyResponse> {
  return changeKey(context, call);
}

/** Puts a retired key back in use. */
export function restoreKey(context: ApiContext, call: Call): Promise<RestoreKeyResponse> {
  return changeKey(context, call);
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
