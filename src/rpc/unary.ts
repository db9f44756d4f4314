import type {
  handleUnaryCall,
  Metadata,
  sendUnaryData,
  ServerUnaryCall,
  ServiceDefinition,
} from '@grpc/grpc-js';
import type { Identity, Genesis } from '../identity/index.js';
import type { Logger } from '../ports/index.js';
import type { Backend } from './services/backend.js';
import { CallTime, untilAborted } from './call-time.js';
import { keepBytes } from './decode.js';
import { callerOf } from './guard.js';
import { failureOf } from './status.js';

/** What the services share. */
export type ServiceContext = {
  /** @throws ClusterError `no-quorum` while the node starts. */
  backend(): Backend;
  readonly genesis: Genesis;
  readonly logger: Logger;
};

/** One call, read and attributed. */
export type Call<Request> = {
  readonly request: Request;
  /** The request as received. */
  readonly bytes: Uint8Array;
  readonly caller: Identity;
  readonly time: CallTime;
  /** What the client sent beside the request. */
  readonly metadata: Pick<Metadata, 'get'>;
};

/** A generated service whose methods get their requests as bytes. */
export function rawService(service: ServiceDefinition): ServiceDefinition {
  return Object.fromEntries(
    Object.entries(service).map(([name, method]) => [
      name,
      { ...method, requestDeserialize: keepBytes },
    ]),
  );
}

/**
 * Adapts `call => response` to grpc-js: reads the bytes, keeps the time, and is the one place where an error becomes a
 * status. An answer that comes after the deadline is not sent.
 */
export function unary<Request, Response>(
  context: ServiceContext,
  method: string,
  read: (bytes: Uint8Array) => Request,
  handle: (call: Call<Request>) => Promise<Response>,
): handleUnaryCall<Uint8Array, Response> {
  const answer = async (rpc: Rpc, time: CallTime): Promise<Response> => {
    time.signal.throwIfAborted();
    return handle({
      request: read(rpc.request),
      bytes: rpc.request,
      caller: callerOf(rpc),
      time,
      metadata: rpc.metadata,
    });
  };
  const respond = async (rpc: Rpc, callback: sendUnaryData<Response>): Promise<void> => {
    const time = new CallTime(rpc);
    try {
      callback(null, await untilAborted(answer(rpc, time), time.signal));
    } catch (error) {
      callback(report(context, method, error));
    } finally {
      time.end();
    }
  };
  return (rpc, callback) => void respond(rpc, callback);
}

type Rpc = ServerUnaryCall<Uint8Array, unknown>;

function report(
  context: ServiceContext,
  method: string,
  error: unknown,
): ReturnType<typeof failureOf> {
  const failure = failureOf(error, leaderOf(context));
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  const words = cause instanceof Error ? (cause.stack ?? cause.message) : String(cause);
  if (failure.errorId !== undefined)
    context.logger.error('A call failed', { method, errorId: failure.errorId, error: words });
  else context.logger.debug('A call was refused', { method, status: failure.code, error: words });
  return failure;
}

function leaderOf(context: ServiceContext): ReturnType<Backend['status']>['leader'] {
  try {
    return context.backend().status().leader;
  } catch {
    return undefined;
  }
}
