import type { sendUnaryData, ServerUnaryCall, ServerWritableStream } from '@grpc/grpc-js';
import { ClusterError } from '../../common/index.js';
import {
  decode,
  HealthCheckRequest,
  HealthCheckResponse_ServingStatus as Serving,
  HealthListRequest,
} from '../../wire/index.js';
import type { HealthCheckResponse, HealthListResponse } from '../../wire/index.js';
import { HealthService } from '../../wire/services.js';
import { HEALTH_INTERVAL_MS } from '../limits.js';
import type { Listener } from '../listener.js';
import { statusOf } from '../status.js';
import { invalidEncoding, rawService } from '../unary.js';

type WatchCall = ServerWritableStream<Uint8Array, HealthCheckResponse>;

/**
 * The standard health service for services that are fixed at the start. What it tells is at most a moment old.
 *
 * A watch leaves nothing but itself, whatever name it asks for, and ends with its stream; the pace bounds streams.
 */
export class Health {
  readonly #services: ReadonlySet<string>;
  readonly #isServing: () => boolean;
  readonly #watches = new Set<Watch>();
  #current: Serving = Serving.NOT_SERVING;
  #timer: NodeJS.Timeout | undefined;
  #isStopped = false;

  /** @param services - Full names; '' (the server as a whole) is added. All are served, or none. */
  constructor(services: readonly string[], isServing: () => boolean) {
    this.#services = new Set(['', ...services]);
    this.#isServing = isServing;
  }

  addTo(listener: Listener): void {
    listener.addService(rawService(HealthService), {
      check: unary((bytes) => ({ status: this.#check(serviceOf(bytes)) })),
      list: unary((bytes) => this.#list(bytes)),
      watch: (call: WatchCall) => this.#watch(call),
    });
  }

  /** Ends every watch: a stopping server has nothing more to tell. */
  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    for (const watch of this.#watches) watch.end();
  }

  /** Looks at the node, and tells those who watch. While somebody does, it looks again and again. */
  refresh(): void {
    this.#look();
    if (this.#watches.size > 0 && !this.#isStopped) this.#arm();
  }

  #arm(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.refresh();
    }, HEALTH_INTERVAL_MS).unref();
  }

  #look(): void {
    const now = this.#isServing() ? Serving.SERVING : Serving.NOT_SERVING;
    if (now === this.#current) return;
    this.#current = now;
    for (const watch of this.#watches) watch.tell(now);
  }

  /** Watches that are open. */
  get watchCount(): number {
    return this.#watches.size;
  }

  /** @throws ClusterError `not-found` for a service that is not served here. */
  #check(service: string): Serving {
    this.#look();
    if (this.#services.has(service)) return this.#current;
    throw new ClusterError('not-found', 'There is no such service here', {
      reason: 'SERVICE_NOT_FOUND',
    });
  }

  #list(bytes: Uint8Array): HealthListResponse {
    if (decode(HealthListRequest, bytes) === undefined) throw invalidEncoding();
    this.#look();
    const status = this.#current;
    return { statuses: new Map([...this.#services].map((service) => [service, { status }])) };
  }

  #watch(call: WatchCall): void {
    let service: string;
    try {
      service = serviceOf(call.request);
    } catch (error) {
      call.emit('error', statusOf(error));
      return;
    }
    if (call.cancelled) return;
    this.#look();
    const isServed = this.#services.has(service);
    const watch = new Watch(call, isServed ? this.#current : Serving.SERVICE_UNKNOWN, isServed);
    this.#watches.add(watch);
    this.#arm();
    call.once('close', () => this.#watches.delete(watch));
    call.once('cancelled', () => this.#watches.delete(watch));
  }
}

/** One watch. Of a service that is not served it stays open, as the standard says, and has no more to tell. */
class Watch {
  readonly #call: WatchCall;
  readonly #follows: boolean;
  #sent: Serving;
  #latest: Serving;
  #isWriting = false;

  constructor(call: WatchCall, first: Serving, follows: boolean) {
    this.#call = call;
    this.#follows = follows;
    this.#sent = first;
    this.#latest = first;
    call.on('error', () => undefined);
    this.#write(first);
  }

  tell(status: Serving): void {
    if (!this.#follows) return;
    this.#latest = status;
    if (!this.#isWriting && status !== this.#sent) this.#write(status);
  }

  end(): void {
    this.#call.end();
  }

  /** One message waits at most: a caller that does not read gets the newest when it does. */
  #write(status: Serving): void {
    this.#isWriting = true;
    this.#sent = status;
    this.#call.write({ status }, () => {
      this.#isWriting = false;
      if (this.#latest !== this.#sent) this.#write(this.#latest);
    });
  }
}

/** @throws ClusterError `invalid-request` for bytes that are no request. */
function serviceOf(bytes: Uint8Array): string {
  const request = decode(HealthCheckRequest, bytes);
  if (request === undefined) throw invalidEncoding();
  return request.service;
}

/** A method that answers at once, or throws a ClusterError. */
function unary<T>(
  answer: (bytes: Uint8Array) => T,
): (call: ServerUnaryCall<Uint8Array, T>, callback: sendUnaryData<T>) => void {
  return ({ request }, callback) => {
    try {
      callback(null, answer(request));
    } catch (error) {
      callback(statusOf(error));
    }
  };
}
