import { Server, ServerCredentials } from '@grpc/grpc-js';
import type { ServerOptions, ServiceDefinition, UntypedServiceImplementation } from '@grpc/grpc-js';
import type { Millis } from '../common/index.js';
import type { Logger } from '../ports/index.js';
import { guard } from './guard.js';
import { STOP_FORCED_MS, STOP_GRACE_MS } from './limits.js';
import { permissionOf } from './roles.js';

/** One port with one kind of visitor. Every method that it serves stands behind the guard. */
export class Listener {
  readonly #server: Server;
  readonly #listen: string;
  readonly #credentials: ServerCredentials;
  #address: string | undefined;

  constructor(parts: {
    /** `host:port`; port 0 lets the kernel pick. */
    readonly listen: string;
    readonly credentials: ServerCredentials;
    readonly options: ServerOptions;
    readonly logger: Logger;
    /** Until when a call's one request must be there. */
    readonly arrivalMs?: Millis;
  }) {
    this.#listen = parts.listen;
    this.#credentials = parts.credentials;
    this.#server = new Server({
      'grpc.enable_channelz': 0,
      ...parts.options,
      interceptors: [guard(parts.logger, parts.arrivalMs)],
    });
  }

  /**
   * Registers a service; takes what libraries bring with them, too.
   *
   * @throws Bug for a method without a line in the role table.
   */
  addService(service: ServiceDefinition, implementation: UntypedServiceImplementation): void {
    for (const method of Object.values(service)) permissionOf(method.path);
    this.#server.addService(service, implementation);
  }

  /** Begins to answer. @returns The address in use, `host:port`. */
  listen(): Promise<string> {
    return new Promise((resolve, reject) => {
      this.#server.bindAsync(this.#listen, this.#credentials, (error, port) => {
        if (error !== null) {
          reject(error);
          return;
        }
        this.#address = this.#listen.replace(/:\d+$/, `:${port}`);
        resolve(this.#address);
      });
    });
  }

  /** Takes no new calls, lets those in flight end within `graceMs`, then cuts them. Resolves when all is closed. */
  async stop(graceMs: Millis = STOP_GRACE_MS): Promise<void> {
    // `drain` cuts what is left after the grace; without channelz, `forceShutdown` would forget to.
    if (this.#address !== undefined) this.#server.drain(this.#address, graceMs);
    const closed = new Promise<void>((resolve) => {
      this.#server.tryShutdown(() => resolve());
    });
    if (!(await within(closed, graceMs + STOP_FORCED_MS))) this.#server.forceShutdown();
  }
}

/** Waits for `done` for at most `ms`. @returns Whether it came. */
async function within(done: Promise<void>, ms: Millis): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), ms);
  });
  const came = await Promise.race([done.then(() => true), late]);
  clearTimeout(timer);
  return came;
}
