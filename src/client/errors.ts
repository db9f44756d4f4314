import { status } from '@grpc/grpc-js';
import type { ServiceError } from '@grpc/grpc-js';
import { ClusterError } from '../common/index.js';
import type { ErrorCode, ErrorDetails } from '../common/index.js';
import { DETAILS_TRAILER } from '../rpc/index.js';
import { BadRequest, decode, ErrorInfo, RetryInfo, Status } from '../wire/index.js';
import type { MessageType } from '../wire/index.js';

/** A failure that is part of the contract: `code` says what to do, `reason` is stable, and `message` is for people. */
export class QuorateError extends ClusterError {
  /** The same call, with the same request id, may be made again as it is. */
  readonly retryable: boolean;
  readonly facts: Readonly<Record<string, string>>;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(code, message, details);
    this.retryable = code === 'no-quorum' || code === 'not-leader' || code === 'overloaded';
    this.facts = details.facts ?? {};
  }
}

/** A mistake of the server's, for its operators: they find it in their log by its id. */
export class ServerFault extends Error {
  override readonly name = 'ServerFault';
  readonly errorId: string | undefined;

  constructor(message: string, errorId: string | undefined, cause: unknown) {
    super(errorId === undefined ? message : `${message} (${errorId})`, { cause });
    this.errorId = errorId;
  }
}

/** The reason of a failure in which no node had a say. */
export const UNREACHABLE = 'UNREACHABLE';

const CODES: Readonly<Partial<Record<status, ErrorCode>>> = {
  [status.INVALID_ARGUMENT]: 'invalid-request',
  [status.UNAUTHENTICATED]: 'unauthenticated',
  [status.PERMISSION_DENIED]: 'forbidden',
  [status.NOT_FOUND]: 'not-found',
  [status.ALREADY_EXISTS]: 'already-exists',
  [status.FAILED_PRECONDITION]: 'wrong-state',
  [status.UNAVAILABLE]: 'no-quorum',
  [status.RESOURCE_EXHAUSTED]: 'overloaded',
  [status.ABORTED]: 'protocol-abort',
  [status.DEADLINE_EXCEEDED]: 'deadline',
  [status.CANCELLED]: 'cancelled',
  [status.DATA_LOSS]: 'data-loss',
  [status.UNIMPLEMENTED]: 'unsupported',
};

/** Statuses that stand for two codes: the reason tells them apart. */
const CODES_BY_REASON: Readonly<Record<string, ErrorCode>> = {
  NOT_LEADER: 'not-leader',
  SUPERSEDED: 'superseded',
};

/** The error of a failed call, for its caller. */
export function errorOf(error: ServiceError): QuorateError | ServerFault {
  const { info, retry, bad } = detailsOf(error);
  const reason = info?.reason ?? UNREACHABLE;
  const code = CODES_BY_REASON[reason] ?? CODES[error.code];
  if (code === undefined)
    return new ServerFault(error.details, info?.metadata.get('error_id'), error);
  const field = bad?.fieldViolations[0]?.field;
  const delay = retry?.retryDelay;
  return new QuorateError(code, error.details, {
    facts: Object.fromEntries(info?.metadata ?? []),
    cause: error,
    // Without details the answer is not a node's: a library gave it, or the connection failed.
    ...(info !== undefined || code === 'no-quorum' ? { reason } : {}),
    ...(field === undefined ? {} : { field }),
    ...(delay === undefined
      ? {}
      : { retryAfterMs: Number(delay.seconds) * 1000 + Math.floor(delay.nanos / 1_000_000) }),
  });
}

function detailsOf(error: ServiceError): {
  readonly info: ErrorInfo | undefined;
  readonly retry: RetryInfo | undefined;
  readonly bad: BadRequest | undefined;
} {
  const [bytes] = error.metadata.get(DETAILS_TRAILER);
  const carried =
    typeof bytes === 'object' ? (decode(Status, new Uint8Array(bytes))?.details ?? []) : [];
  const read = <T>(name: string, type: MessageType<T>): T | undefined => {
    const found = carried.find(({ typeUrl }) => typeUrl.endsWith(`/google.rpc.${name}`));
    return found && decode(type, found.value);
  };
  return {
    info: read('ErrorInfo', ErrorInfo),
    retry: read('RetryInfo', RetryInfo),
    bad: read('BadRequest', BadRequest),
  };
}
