import { ClusterError } from '../common/index.js';
import type { Millis } from '../common/index.js';
import { readCertificate } from '../identity/index.js';
import { CANCELLED } from '../state/index.js';
import type { Submission } from '../tasks/index.js';
import type { TaskRecord } from '../wire/index.js';
import { authorizationOf } from './authorization.js';
import type { ApiContext, Call } from './call.js';
import { REQUEST_LIFETIME_MS_MAX } from './limits.js';

/**
 * The request to the backend, with the bytes as received, and with the requester's signature where the call has one.
 *
 * @throws ClusterError `unauthenticated` SIGNATURE_REQUIRED where it must have one, and for metadata that is malformed.
 */
export function submissionOf(
  context: ApiContext,
  call: Call,
  expiresInMs: Millis,
  mustBeSigned = false,
): Submission {
  const authorization = authorizationOf(call.metadata);
  const vouched = authorization === undefined;
  if (vouched && (mustBeSigned || !context.backend().local().takesUnsigned()))
    throw new ClusterError(
      'unauthenticated',
      mustBeSigned
        ? 'What changes the cluster itself, or ends a key, must be signed by its requester'
        : 'This cluster takes only requests that their requesters signed',
      { reason: 'SIGNATURE_REQUIRED' },
    );
  return {
    method: call.method,
    request: call.bytes,
    requester: call.caller.spiffeId,
    expiresInMs,
    authorization,
    measure: call.measure,
    signal: call.time.signal,
  };
}

/** How long a request may be acted on whose outcome is of no use after the call. */
export function lifetimeMsOf({ time }: Call): Millis {
  return Math.min(time.remainingMs(), REQUEST_LIFETIME_MS_MAX);
}

/**
 * The requester by the request's own word: of the certificate that it is signed with, or of the caller's. Enough to
 * look for its task; the log judges it.
 */
export function claimedRequester({ requester, authorization }: Submission): string {
  const [leaf] = authorization?.certificates ?? [];
  const reading = leaf && readCertificate(leaf);
  return reading?.ok === true && reading.value.usage.kind === 'leaf'
    ? reading.value.usage.identity.spiffeId
    : requester;
}

/** The error of a task that failed, or was cancelled. Its own reason stands in it; evidence stays with the cluster. */
export function failureOfTask(task: TaskRecord, reason: string): ClusterError {
  const facts = { task_id: task.taskId };
  switch (reason) {
    case 'REQUEST_EXPIRED':
      return new ClusterError('deadline', `Task ${task.taskId} expired`, { reason, facts });
    case CANCELLED:
      return new ClusterError('protocol-abort', `Task ${task.taskId} was cancelled`, {
        reason: 'TASK_CANCELLED',
        facts,
      });
    default:
      return new ClusterError('protocol-abort', `Task ${task.taskId} failed: ${reason}`, {
        reason,
        facts,
      });
  }
}
