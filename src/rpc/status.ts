import { randomUUID } from 'node:crypto';
import { Metadata, status } from '@grpc/grpc-js';
import { failureOf } from '../api/index.js';
import type { Failure } from '../api/index.js';
import type { Millis, NodeId } from '../common/index.js';
import { BadRequest, encode, ErrorInfo, RetryInfo, Status } from '../wire/index.js';
import type { MessageType } from '../wire/index.js';
import { DETAILS_TRAILER, LEADER_TRAILER } from './trailers.js';

const ERROR_DOMAIN = 'quorate';

/** How a call ends badly, as grpc-js sends it. */
export type CallStatus = {
  readonly code: status;
  readonly details: string;
  readonly metadata: Metadata;
  /** A stable upper-case word. */
  readonly reason: string;
  /** All of it, as the trailers hold it. */
  readonly rich: Status;
  /** The id in the log line about the failure; an unexpected failure sends it to the client, too. */
  readonly errorId?: string;
};

/** Any thrown value as the gRPC status, with rich details, that its client gets. */
export function statusOf(error: unknown, leader?: NodeId): CallStatus {
  const failure = failureOf(error, randomUUID, leader);
  const metadata = new Metadata();
  const rich = richStatusOf(failure);
  metadata.set(DETAILS_TRAILER, Buffer.from(encode(Status, rich)));
  if (failure.leader !== undefined) metadata.set(LEADER_TRAILER, failure.leader);
  return {
    code: status[failure.status.grpc],
    details: failure.message,
    metadata,
    reason: failure.reason,
    rich,
    ...(failure.errorId === undefined ? {} : { errorId: failure.errorId }),
  };
}

function richStatusOf({ status: { grpc }, message, ...failure }: Failure): Status {
  const { reason, facts, retryAfterMs, field } = failure;
  const details = [
    any('ErrorInfo', ErrorInfo, {
      reason,
      domain: ERROR_DOMAIN,
      metadata: new Map(Object.entries(facts)),
    }),
  ];
  if (retryAfterMs !== undefined)
    details.push(any('RetryInfo', RetryInfo, { retryDelay: duration(retryAfterMs) }));
  if (field !== undefined)
    details.push(
      any(
        'BadRequest',
        BadRequest,
        BadRequest.fromPartial({ fieldViolations: [{ field, description: message, reason }] }),
      ),
    );
  return { code: status[grpc], message, details };
}

function any<T>(name: string, type: MessageType<T>, message: T): Status['details'][number] {
  return { typeUrl: `type.googleapis.com/google.rpc.${name}`, value: encode(type, message) };
}

function duration(ms: Millis): { seconds: bigint; nanos: number } {
  return { seconds: BigInt(Math.floor(ms / 1000)), nanos: (ms % 1000) * 1_000_000 };
}
