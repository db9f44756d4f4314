import { ClusterError } from '../common/index.js';
import type { ErrorCode, ErrorDetails } from '../common/index.js';
import { BadRequest, decode, ErrorInfo, RetryInfo, Status } from '../wire/index.js';
import type { MessageType } from '../wire/index.js';

/** A failure that is part of the contract: `code` says what to do, `reason` is stable, and `message` is for people. */
export class QuorateError extends ClusterError {
  override readonly name = 'QuorateError';
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

/** The reason by which the leader says that it does not reach a node which has to take part. */
export const PARTICIPANT_UNREACHABLE = 'PARTICIPANT_UNREACHABLE';

/** The status that a call ended with: a node gave it, or it stands for what HTTP/2 said. */
export class GrpcFailure extends Error {
  override readonly name = 'GrpcFailure';
  /** Of google.rpc.Code. */
  readonly code: number;
  /** An encoded google.rpc.Status. Without it the answer is not a node's: something between has given it. */
  readonly details: Uint8Array | undefined;

  constructor(code: number, message: string, details?: Uint8Array) {
    super(message);
    this.code = code;
    this.details = details;
  }
}

/** By number in google.rpc.Code. What is missing is a fault of the server's. */
const CODES: Readonly<Record<number, ErrorCode>> = {
  1: 'cancelled',
  3: 'invalid-request',
  4: 'deadline',
  5: 'not-found',
  6: 'already-exists',
  7: 'forbidden',
  8: 'overloaded',
  9: 'wrong-state',
  10: 'protocol-abort',
  12: 'unsupported',
  14: 'no-quorum',
  15: 'data-loss',
  16: 'unauthenticated',
};

/** Statuses that stand for two codes: the reason tells them apart. */
const CODES_BY_REASON: Readonly<Record<string, ErrorCode>> = {
  NOT_LEADER: 'not-leader',
  SUPERSEDED: 'superseded',
};

/** The error of a failed call, for its caller. */
export function errorOf(failure: GrpcFailure): QuorateError | ServerFault {
  const { info, retry, bad } = detailsOf(failure);
  const reason = info?.reason ?? UNREACHABLE;
  const code = CODES_BY_REASON[reason] ?? CODES[failure.code];
  if (code === undefined)
    return new ServerFault(failure.message, info?.metadata.get('error_id'), failure);
  const field = bad?.fieldViolations[0]?.field;
  const delay = retry?.retryDelay;
  return new QuorateError(code, failure.message, {
    facts: Object.fromEntries(info?.metadata ?? []),
    cause: failure,
    // Without details the answer is not a node's.
    ...(info !== undefined || code === 'no-quorum' ? { reason } : {}),
    ...(field === undefined ? {} : { field }),
    ...(delay === undefined
      ? {}
      : { retryAfterMs: Number(delay.seconds) * 1000 + Math.floor(delay.nanos / 1_000_000) }),
  });
}

function detailsOf({ details }: GrpcFailure): {
  readonly info: ErrorInfo | undefined;
  readonly retry: RetryInfo | undefined;
  readonly bad: BadRequest | undefined;
} {
  const carried = details === undefined ? [] : (decode(Status, details)?.details ?? []);
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
