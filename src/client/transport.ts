import { Client, connectivityState, Metadata, status } from '@grpc/grpc-js';
import type { MethodDefinition, ServiceError } from '@grpc/grpc-js';
import { setTimeout as pause } from 'node:timers/promises';
import type { Millis } from '../common/index.js';
import { channelCredentials } from '../rpc/index.js';
import type { TlsFiles } from '../rpc/index.js';
import { errorOf, QuorateError, UNREACHABLE } from './errors.js';
import {
  CONNECT_MS_MAX,
  KEEPALIVE_INTERVAL_MS,
  KEEPALIVE_TIMEOUT_MS,
  RECONNECT_MS_MAX,
  RECONNECT_MS_MIN,
  RESPONSE_BYTES_MAX,
  ROUND_PAUSE_MS_MAX,
  ROUND_PAUSE_MS_MIN,
  TIMEOUT_MS_DEFAULT,
} from './limits.js';

/** How long a call may take, and the signal that stops it. */
export type CallOptions = {
  readonly timeoutMs?: Millis | undefined;
  readonly signal?: AbortSignal | undefined;
};

/** The same, from one moment on: what several calls of one method share. */
export type Until = { readonly deadlineMs: Millis; readonly signal: AbortSignal | undefined };

export function untilOf(options: CallOptions = {}): Until {
  return {
    deadlineMs: Date.now() + (options.timeoutMs ?? TIMEOUT_MS_DEFAULT),
    signal: options.signal,
  };
}

/** Calls to whichever node answers: when one is unavailable, the next is asked the very same. */
export class Transport {
  readonly #nodes: readonly Client[];
  /** Where the last call went well. */
  #current = 0;

  /** @param endpoints - `host:port` of nodes' client ports. */
  constructor(endpoints: readonly string[], tls: TlsFiles) {
    if (endpoints.length === 0)
      throw new QuorateError('invalid-request', 'A client needs at least one endpoint');
    const credentials = channelCredentials(
      tls,
      (server) => server?.role === 'tee' || server?.role === 'mesh',
    );
    this.#nodes = endpoints.map(
      (endpoint) =>
        new Client(endpoint, credentials, {
          'grpc.use_local_subchannel_pool': 1,
          'grpc.initial_reconnect_backoff_ms': RECONNECT_MS_MIN,
          'grpc.max_reconnect_backoff_ms': RECONNECT_MS_MAX,
          'grpc.keepalive_time_ms': KEEPALIVE_INTERVAL_MS,
          'grpc.keepalive_timeout_ms': KEEPALIVE_TIMEOUT_MS,
          'grpc.max_receive_message_length': RESPONSE_BYTES_MAX,
          'grpc.enable_retries': 0,
          'grpc.service_config_disable_resolution': 1,
          // The node that was reached is checked by SPIFFE id; this is only a name for TLS to send in place of an address.
          'grpc.ssl_target_name_override': 'quorate',
        }),
    );
  }

  /** Asks something. @throws As {@link send} does. */
  call<Request, Response>(
    method: MethodDefinition<Request, Response>,
    request: Request,
    until: Until,
  ): Promise<Response> {
    return this.send(method, method.requestSerialize(request), until, new Metadata());
  }

  /**
   * Makes one call. What it asks must be safe to ask twice: reads are, and so are requests with a request id. The node
   * that is asked gets these bytes and this metadata.
   *
   * @throws QuorateError, or ServerFault for a mistake of the server's. When the time is over, what a node said last is
   * told rather than that another one could not be reached.
   */
  async send<Request, Response>(
    method: MethodDefinition<Request, Response>,
    request: Uint8Array,
    until: Until,
    metadata: Metadata,
  ): Promise<Response> {
    let said: QuorateError | undefined;
    for (let refusals = 1; ; refusals++) {
      const at = this.#current;
      try {
        return await this.#ask(at, method, request, until, metadata.clone());
      } catch (error) {
        if (!isUnavailable(error)) throw error;
        if (error.reason !== UNREACHABLE) said = error;
        if (this.#current === at) this.#current = (at + 1) % this.#nodes.length;
        const waitMs = pauseAfter(refusals, this.#nodes.length);
        if (Date.now() + waitMs >= until.deadlineMs) throw said ?? error;
        await pause(waitMs, undefined, { signal: until.signal }).catch(() => undefined);
      }
    }
  }

  close(): void {
    for (const node of this.#nodes) node.close();
  }

  #ask<Request, Response>(
    at: number,
    method: MethodDefinition<Request, Response>,
    request: Uint8Array,
    { deadlineMs, signal }: Until,
    metadata: Metadata,
  ): Promise<Response> {
    const node = this.#nodes[at];
    return new Promise((resolve, reject) => {
      if (node === undefined || signal?.aborted === true) {
        reject(stopped(signal));
        return;
      }
      let unreachable = false;
      const call = node.makeUnaryRequest<Uint8Array, Response>(
        method.path,
        (bytes) => Buffer.from(bytes),
        (bytes) => method.responseDeserialize(bytes),
        request,
        metadata,
        { deadline: deadlineMs },
        (error, response) => {
          clearTimeout(connecting);
          signal?.removeEventListener('abort', stop);
          if (error === null && response !== undefined) {
            resolve(response);
            return;
          }
          // At the deadline too: what was never connected has not been asked.
          const unasked = error?.code === status.DEADLINE_EXCEEDED && !isConnected(node);
          reject(unreachable || unasked ? noAnswer(node) : failure(error, signal));
        },
      );
      const stop = (): void => call.cancel();
      const connecting = setTimeout(() => {
        unreachable = !isConnected(node);
        if (unreachable) stop();
      }, CONNECT_MS_MAX);
      signal?.addEventListener('abort', stop);
    });
  }
}

/** Nothing was done, or the same request id finds what was: another node may be asked. */
function isUnavailable(error: unknown): error is QuorateError {
  return (
    error instanceof QuorateError && (error.code === 'no-quorum' || error.code === 'not-leader')
  );
}

/** No wait while there are nodes that have not been asked; after each round of all of them, a longer one. */
function pauseAfter(refusals: number, nodes: number): Millis {
  if (refusals % nodes !== 0) return 0;
  const rounds = refusals / nodes;
  const ms = Math.min(ROUND_PAUSE_MS_MIN * 2 ** Math.min(rounds - 1, 10), ROUND_PAUSE_MS_MAX);
  return ms * (0.5 + Math.random() / 2);
}

function isConnected(node: Client): boolean {
  return node.getChannel().getConnectivityState(false) === connectivityState.READY;
}

function failure(error: ServiceError | null, signal: AbortSignal | undefined): Error {
  if (signal?.aborted === true) return stopped(signal);
  return error === null ? new QuorateError('no-quorum', 'There was no answer') : errorOf(error);
}

/** The error of a call that its caller has stopped. */
export function stopped(signal: AbortSignal | undefined): QuorateError {
  return new QuorateError('cancelled', 'The call was stopped', { cause: signal?.reason });
}

function noAnswer(node: Client): QuorateError {
  return new QuorateError('no-quorum', `Cannot connect to ${node.getChannel().getTarget()}`, {
    reason: UNREACHABLE,
  });
}
