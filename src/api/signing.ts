import { assert } from '../common/index.js';
import { failureIn, signatureOf } from '../state/index.js';
import type { SignResponse, TaskRecord } from '../wire/index.js';
import type { ApiContext, Call } from './call.js';
import { readMutation } from './decode.js';
import { failureOfTask, lifetimeMsOf, submissionOf } from './submit.js';

/** Signs with a key that no machine has. */
export async function sign(context: ApiContext, call: Call): Promise<SignResponse> {
  readMutation(call.method, call.bytes);
  const submission = submissionOf(context, call, lifetimeMsOf(call));
  return responseOf(await context.backend().submit(submission));
}

/** @throws ClusterError when the task failed. */
function responseOf(task: TaskRecord): SignResponse {
  const failure = task.outcome && failureIn(task.outcome);
  if (failure !== undefined) throw failureOfTask(task, failure);
  const result = signatureOf(task);
  assert(result !== undefined, 'a sign task ended without a signature or a failure');
  const { signature, publicKey, keyVersion, signers, recoveryId } = result;
  return { signature, publicKey, keyVersion, signers, taskId: task.taskId, recoveryId };
}
