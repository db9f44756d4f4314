import { ClusterError } from '../common/index.js';
import type { ErrorCode, Millis, NodeId } from '../common/index.js';

/** How a failed call ends: the name of google.rpc.Code, and the HTTP status that code.proto gives for it. */
type Status = { readonly grpc: GrpcStatus; readonly http: number };

export type GrpcStatus =
  | 'ABORTED'
  | 'ALREADY_EXISTS'
  | 'CANCELLED'
  | 'DATA_LOSS'
  | 'DEADLINE_EXCEEDED'
  | 'FAILED_PRECONDITION'
  | 'INTERNAL'
  | 'INVALID_ARGUMENT'
  | 'NOT_FOUND'
  | 'PERMISSION_DENIED'
  | 'RESOURCE_EXHAUSTED'
  | 'UNAUTHENTICATED'
  | 'UNAVAILABLE'
  | 'UNIMPLEMENTED';

/** The status of each expected failure: a new code does not compile until it has one. */
const STATUS: Readonly<Record<ErrorCode, Status>> = {
  'invalid-request': { grpc: 'INVALID_ARGUMENT', http: 400 },
  unauthenticated: { grpc: 'UNAUTHENTICATED', http: 401 },
  forbidden: { grpc: 'PERMISSION_DENIED', http: 403 },
  'not-found': { grpc: 'NOT_FOUND', http: 404 },
  'already-exists': { grpc: 'ALREADY_EXISTS', http: 409 },
  'wrong-state': { grpc: 'FAILED_PRECONDITION', http: 400 },
  'not-leader': { grpc: 'UNAVAILABLE', http: 503 },
  'no-quorum': { grpc: 'UNAVAILABLE', http: 503 },
  overloaded: { grpc: 'RESOURCE_EXHAUSTED', http: 429 },
  superseded: { grpc: 'ABORTED', http: 409 },
  'protocol-abort': { grpc: 'ABORTED', http: 409 },
  deadline: { grpc: 'DEADLINE_EXCEEDED', http: 504 },
  cancelled: { grpc: 'CANCELLED', http: 499 },
  'data-loss': { grpc: 'DATA_LOSS', http: 500 },
  unsupported: { grpc: 'UNIMPLEMENTED', http: 501 },
};

const UNEXPECTED: Status = { grpc: 'INTERNAL', http: 500 };

/** When a client should come again, for failures that pass by themselves and do not say so. */
const RETRY_AFTER_MS: Readonly<Partial<Record<ErrorCode, Millis>>> = {
  'not-leader': 100,
  'no-quorum': 500,
  overloaded: 1000,
};

/** The facts of a failed call that its client may know, over any transport. */
export type Failure = {
  readonly status: Status;
  readonly message: string;
  /** A stable upper-case word for programs. */
  readonly reason: string;
  readonly facts: Readonly<Record<string, string>>;
  /** The request's field that is at fault. */
  readonly field: string | undefined;
  /** When it makes sense to come again; without it, that is not known or never. */
  readonly retryAfterMs: Millis | undefined;
  /** The node that leads, for a client that may have to ask it. */
  readonly leader: NodeId | undefined;
  /** Of a failure that is not expected: what the log's line about it is filed under. */
  readonly errorId: string | undefined;
};

/**
 * Turns any thrown value into what its client may know. Only a ClusterError's words cross the wire; the rest is
 * INTERNAL with an id that the log has too.
 *
 * @param newErrorId - Gives an id that no other failure has.
 */
export function failureOf(error: unknown, newErrorId: () => string, leader?: NodeId): Failure {
  if (!(error instanceof ClusterError)) return unexpected(newErrorId());
  const status = STATUS[error.code];
  const retryAfterMs = error.details.retryAfterMs ?? RETRY_AFTER_MS[error.code];
  return {
    status,
    message: error.message,
    reason: error.reason,
    facts: error.details.facts ?? {},
    field: error.details.field === '' ? undefined : error.details.field,
    retryAfterMs: retryAfterMs === Infinity ? undefined : retryAfterMs,
    leader: status.grpc === 'UNAVAILABLE' ? leader : undefined,
    errorId: undefined,
  };
}

function unexpected(errorId: string): Failure {
  return {
    status: UNEXPECTED,
    message: 'internal error',
    reason: 'INTERNAL',
    facts: { error_id: errorId },
    field: undefined,
    retryAfterMs: undefined,
    leader: undefined,
    errorId,
  };
}
