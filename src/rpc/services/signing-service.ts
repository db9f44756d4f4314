import type { UntypedHandleCall } from '@grpc/grpc-js';
import { assert } from '../../common/index.js';
import { METHODS } from '../../state/index.js';
import type { SignResponse, TaskRecord } from '../../wire/index.js';
import { SigningServiceService } from '../../wire/services.js';
import { readMutation } from '../decode.js';
import { REQUEST_LIFETIME_MS_MAX } from '../limits.js';
import { failureOfTask, submissionOf } from './submit.js';
import { unary } from '../unary.js';
import type { Call, ServiceContext } from '../unary.js';

/** SigningService: signs with keys that no machine has. */
export function signingService(
  context: ServiceContext,
): Record<keyof typeof SigningServiceService, UntypedHandleCall> {
  const sign = async (call: Call<unknown>): Promise<SignResponse> => {
    const lifetimeMs = Math.min(call.time.remainingMs(), REQUEST_LIFETIME_MS_MAX);
    const submission = submissionOf(context, call, METHODS.sign, lifetimeMs);
    const task = await context.backend().submit(submission);
    return responseOf(task);
  };

  return {
    sign: unary(
      context,
      SigningServiceService.sign.path,
      (bytes) => readMutation(METHODS.sign, bytes),
      sign,
    ),
  };
}

/** @throws ClusterError when the task failed. */
function responseOf(task: TaskRecord): SignResponse {
  const { outcome } = task;
  if (outcome?.$case === 'failed') throw failureOfTask(task, outcome.value.reason);
  assert(outcome?.$case === 'signature', 'a sign task ended without a signature or a failure');
  const { signature, publicKey, keyVersion, signers } = outcome.value;
  return { signature, publicKey, keyVersion, signers, taskId: task.taskId };
}
