import { ClusterError } from '../../common/index.js';
import type { ErrorCode, Millis, Refusal, TaskId } from '../../common/index.js';

const FINAL_CODES: ReadonlySet<string> = new Set<ErrorCode>([
  'invalid-request',
  'unauthenticated',
  'forbidden',
  'not-found',
  'already-exists',
  'wrong-state',
  'no-quorum',
  'overloaded',
  'unsupported',
]);

/** Claims that a leader's refusal with this code is an answer. After any other, the next leader is asked. */
export function isFinal(code: string): code is Refusal['code'] {
  return FINAL_CODES.has(code);
}

export function outcomeUnknown(task: TaskId): ClusterError {
  return new ClusterError('deadline', 'The outcome is not known yet; ask for the task', {
    facts: { task_id: task },
  });
}

export function stopping(): ClusterError {
  return new ClusterError('no-quorum', 'The node is stopping', { reason: 'STOPPING' });
}

export function tooMany(): ClusterError {
  return new ClusterError('overloaded', 'Too many requests wait on this node', {
    reason: 'TOO_MANY_REQUESTS',
    retryAfterMs: 1000,
  });
}

/** @param waitMs - Until the caller's budget allows it. */
export function overBudget(waitMs: Millis): ClusterError {
  return new ClusterError(
    'overloaded',
    'The caller sends more bytes than this node brings to the leader',
    {
      reason: 'REQUESTER_OVER_BUDGET',
      retryAfterMs: waitMs,
    },
  );
}

export function noLeader(): ClusterError {
  return new ClusterError('no-quorum', 'No leader could be reached; nothing was done', {
    reason: 'NO_LEADER',
    retryAfterMs: 500,
  });
}
