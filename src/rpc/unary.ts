import { status } from '@grpc/grpc-js';
import type {
  handleUnaryCall,
  sendUnaryData,
  ServerUnaryCall,
  ServiceDefinition,
} from '@grpc/grpc-js';
import type { ApiContext, Operation } from '../api/index.js';
import { ClusterError } from '../common/index.js';
import type { Millis, NodeId } from '../common/index.js';
import type { Logger, Meter } from '../ports/index.js';
import { UnaryCallTime, untilAborted } from './call-time.js';
import type { CallTurns } from './call-turns.js';
import { admittedBy } from './guard.js';
import { statusOf } from './status.js';
import type { CallStatus } from './status.js';

/**
 * A generated service whose methods get their requests as bytes: the bytes as sent are what is hashed and logged, and no
 * failure to decode is answered by the library, with a code of its own.
 */
export function rawService(service: ServiceDefinition): ServiceDefinition {
  return Object.fromEntries(
    Object.entries(service).map(([name, method]) => [
      name,
      { ...method, requestDeserialize: keepBytes },
    ]),
  );
}

/** The error for bytes that no client's encoder writes. */
export function invalidEncoding(): ClusterError {
  return new ClusterError(
    'invalid-request',
    'The bytes are not the canonical encoding of the request',
    { reason: 'INVALID_ENCODING' },
  );
}

/** A deserialiser that does not: the bytes as sent, in an array of their own. */
export function keepBytes(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes);
}

/** The parts that all methods of the API share. */
export type Carrier = {
  readonly context: ApiContext;
  readonly logger: Logger;
  readonly meter: Pick<Meter, 'callEnded'> | undefined;
  /** In which calls begin. */
  readonly turns: CallTurns;
};

type Rpc = ServerUnaryCall<Uint8Array, object>;

/**
 * Carries a call of grpc-js to an operation, and its answer back: keeps the time, and is the one place where an error
 * becomes a status. Of calls that come together some wait for their turn. An answer that comes after the deadline is not sent.
 */
export function unary(
  method: string,
  operation: Operation,
  { context, logger, meter, turns }: Carrier,
): handleUnaryCall<Uint8Array, object> {
  const ended = (code: string, reason: string | undefined, sinceMs: Millis): void =>
    meter?.callEnded(method, code, reason, (performance.now() - sinceMs) / 1000);
  const answer = async (rpc: Rpc, time: UnaryCallTime): Promise<object> => {
    time.signal.throwIfAborted();
    const { request: bytes, metadata } = rpc;
    const { caller, measure } = admittedBy(rpc);
    return operation.handle(context, { method, bytes, caller, metadata, time, measure });
  };
  const respond = async (
    rpc: Rpc,
    time: UnaryCallTime,
    callback: sendUnaryData<object>,
  ): Promise<void> => {
    const { measure, requireTurn } = admittedBy(rpc);
    const sinceMs = performance.now();
    try {
      requireTurn();
      const answering = measure(() => answer(rpc, time));
      const response = await untilAborted(answering, time.signal);
      measure(() => callback(null, response));
      ended('OK', undefined, sinceMs);
    } catch (error) {
      const end = statusOf(error, leaderOf(context));
      measure(() => callback(report(method, end, error, logger)));
      ended(status[end.code], end.reason, sinceMs);
    } finally {
      time.end();
    }
  };
  return (rpc, callback) => {
    // Its time begins before its turn comes.
    const time = new UnaryCallTime(rpc);
    turns.run(() => void respond(rpc, time, callback));
  };
}

/** Logs how a call ended badly. @returns The same end. */
export function report(
  method: string,
  end: CallStatus,
  error: unknown,
  logger: Logger,
): CallStatus {
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  const words = cause instanceof Error ? (cause.stack ?? cause.message) : String(cause);
  if (end.errorId !== undefined)
    logger.error('A call failed', { method, errorId: end.errorId, error: words });
  else logger.debug('A call was refused', { method, status: end.code, error: words });
  return end;
}

export function leaderOf(context: ApiContext): NodeId | undefined {
  try {
    return context.backend().status().leader;
  } catch {
    return undefined;
  }
}
