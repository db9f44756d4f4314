import { ClusterError } from '../../common/index.js';
import type { Millis } from '../../common/index.js';
import { REQUEST_METADATA } from '../../identity/index.js';
import type { TaskRecord } from '../../wire/index.js';
import type { Submission } from './backend.js';
import type { Call, ServiceContext } from '../unary.js';

/** Of requests that carry their own signature, which this version does not check. */
const SIGNATURE_METADATA = Object.values(REQUEST_METADATA);

/**
 * Refuses what this node could not vouch for. A signature that nobody would check is never taken and ignored.
 *
 * @throws ClusterError `unsupported` SIGNED_REQUESTS_UNSUPPORTED; `unauthenticated` SIGNATURE_REQUIRED.
 */
export function requireUnsigned(context: ServiceContext, call: Call<unknown>): void {
  const sent = SIGNATURE_METADATA.find((key) => call.metadataKeys.includes(key));
  if (sent !== undefined)
    throw new ClusterError('unsupported', 'Requests with a signature of their own are not taken', {
      reason: 'SIGNED_REQUESTS_UNSUPPORTED',
      facts: { metadata: sent },
    });
  if (!context.genesis.unsigned)
    throw new ClusterError('unauthenticated', 'This cluster takes signed requests only', {
      reason: 'SIGNATURE_REQUIRED',
    });
}

/** What the backend is asked, with the bytes as received. */
export function submissionOf(call: Call<unknown>, method: string, expiresInMs: Millis): Submission {
  return {
    method,
    request: call.bytes,
    requester: call.caller.spiffeId,
    expiresInMs,
    signal: call.time.signal,
  };
}

/** The error of a task that failed. Its own reason stands in it; evidence stays with the cluster. */
export function failureOfTask(task: TaskRecord, reason: string): ClusterError {
  const facts = { task_id: task.taskId };
  return reason === 'REQUEST_EXPIRED'
    ? new ClusterError('deadline', `Task ${task.taskId} expired`, { reason, facts })
    : new ClusterError('protocol-abort', `Task ${task.taskId} failed: ${reason}`, {
        reason,
        facts,
      });
}
