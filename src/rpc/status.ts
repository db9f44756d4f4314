import { randomUUID } from 'node:crypto';
import { Metadata, status } from '@grpc/grpc-js';
import { ClusterError } from '../common/index.js';
import type { ErrorCode, Millis, NodeId } from '../common/index.js';
import { BadRequest, encode, ErrorInfo, RetryInfo, Status } from '../wire/index.js';
import type { MessageType } from '../wire/index.js';

/** The status of each expected failure: a new code does not compile until it has one. */
const STATUS: Readonly<Record<ErrorCode, status>> = {
  'invalid-request': status.INVALID_ARGUMENT,
  unauthenticated: status.UNAUTHENTICATED,
  forbidden: status.PERMISSION_DENIED,
  'not-found': status.NOT_FOUND,
  'already-exists': status.ALREADY_EXISTS,
  'wrong-state': status.FAILED_PRECONDITION,
  'not-leader': status.UNAVAILABLE,
  'no-quorum': status.UNAVAILABLE,
  overloaded: status.RESOURCE_EXHAUSTED,
  superseded: status.ABORTED,
  'protocol-abort': status.ABORTED,
  deadline: status.DEADLINE_EXCEEDED,
  cancelled: status.CANCELLED,
  'data-loss': status.DATA_LOSS,
  unsupported: status.UNIMPLEMENTED,
};

/** When a client should come again, for failures that pass by themselves and do not say so. */
const RETRY_AFTER_MS: Readonly<Partial<Record<ErrorCode, Millis>>> = {
  'not-leader': 100,
  'no-quorum': 500,
  overloaded: 1000,
};

export const ERROR_DOMAIN = 'quorate';
/** Where gRPC's rich errors travel: an encoded google.rpc.Status. */
export const DETAILS_TRAILER = 'grpc-status-details-bin';
export const LEADER_TRAILER = 'leader-hint';

/** How a call ends badly. */
export type Failure = {
  readonly code: status;
  readonly details: string;
  readonly metadata: Metadata;
  /** What a log line about it is filed under; for a failure that is not expected it is sent too. */
  readonly errorId?: string;
};

/**
 * Turns any thrown value into what its client may know. Only a ClusterError's words cross the wire; the rest is
 * INTERNAL with an id that the log has too.
 */
export function failureOf(error: unknown, leader?: NodeId): Failure {
  if (error instanceof ClusterError) {
    const retryAfterMs = error.details.retryAfterMs ?? RETRY_AFTER_MS[error.code];
    const info = { reason: error.reason, facts: error.details.facts ?? {} };
    const metadata = details(STATUS[error.code], error.message, info, {
      retryAfterMs,
      field: error.details.field,
    });
    if (STATUS[error.code] === status.UNAVAILABLE && leader !== undefined)
      metadata.set(LEADER_TRAILER, leader);
    return { code: STATUS[error.code], details: error.message, metadata };
  }
  const errorId = randomUUID();
  const info = { reason: 'INTERNAL', facts: { error_id: errorId } };
  return {
    code: status.INTERNAL,
    details: 'internal error',
    metadata: details(status.INTERNAL, 'internal error', info, {}),
    errorId,
  };
}

function details(
  code: status,
  message: string,
  info: { readonly reason: string; readonly facts: Readonly<Record<string, string>> },
  more: { readonly retryAfterMs?: Millis | undefined; readonly field?: string | undefined },
): Metadata {
  const all = [
    any('ErrorInfo', ErrorInfo, {
      reason: info.reason,
      domain: ERROR_DOMAIN,
      metadata: new Map(Object.entries(info.facts)),
    }),
  ];
  if (more.retryAfterMs !== undefined && more.retryAfterMs < Infinity)
    all.push(any('RetryInfo', RetryInfo, { retryDelay: duration(more.retryAfterMs) }));
  if (more.field !== undefined && more.field !== '')
    all.push(
      any(
        'BadRequest',
        BadRequest,
        BadRequest.fromPartial({
          fieldViolations: [{ field: more.field, description: message, reason: info.reason }],
        }),
      ),
    );
  const metadata = new Metadata();
  metadata.set(DETAILS_TRAILER, Buffer.from(encode(Status, { code, message, details: all })));
  return metadata;
}

function any<T>(name: string, type: MessageType<T>, message: T): Status['details'][number] {
  return { typeUrl: `type.googleapis.com/google.rpc.${name}`, value: encode(type, message) };
}

function duration(ms: Millis): { seconds: bigint; nanos: number } {
  return { seconds: BigInt(Math.floor(ms / 1000)), nanos: (ms % 1000) * 1_000_000 };
}
