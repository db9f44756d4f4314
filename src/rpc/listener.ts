import { Server } from '@grpc/grpc-js';
import type {
  ServerCredentials,
  ServerOptions,
  ServiceDefinition,
  UntypedServiceImplementation,
} from '@grpc/grpc-js';
import type { Millis } from '../common/index.js';
import type { Logger } from '../ports/index.js';
import { Front } from './front/front.js';
import type { FrontLimits } from './front/front.js';
import { guard } from './guard.js';
import { STOP_FORCED_MS, STOP_GRACE_MS } from './limits.js';
import type { Pace } from './pace.js';
import { rolesOf } from './roles.js';

/** One port with one kind of caller. Every method that it serves stands behind the front and the guard. */
export class Listener {
  readonly #server: Server;
  readonly #listen: string;
  readonly #front: Front;
  readonly #injector: ReturnType<Server['createConnectionInjector']>;

  constructor(parts: {
    /** `host:port`; port 0 lets the kernel pick. */
    readonly listen: string;
    readonly credentials: ServerCredentials;
    readonly options: ServerOptions;
    readonly front: FrontLimits;
    /** Without one no caller is kept to a pace. */
    readonly pace?: Pace;
    readonly logger: Logger;
    /** Until when a call's one request must be there. */
    readonly arrivalMs?: Millis | undefined;
  }) {
    this.#listen = parts.listen;
    this.#front = new Front({
      limits: parts.front,
      logger: parts.logger,
      handOn: (socket) => this.#injector.injectConnection(socket),
    });
    this.#server = new Server({
      'grpc.enable_channelz': 0,
      ...parts.options,
      interceptors: [guard({ ...parts, front: this.#front })],
    });
    // Experimental in grpc-js, which is pinned for it: docs/decisions/0012-a-front-of-our-own.md.
    this.#injector = this.#server.createConnectionInjector(parts.credentials);
  }

  /**
   * Registers a service; takes what libraries bring with them, too.
   *
   * @throws Bug for a method without a line in a table of roles.
   */
  addService(service: ServiceDefinition, implementation: UntypedServiceImplementation): void {
    for (const method of Object.values(service)) rolesOf(method.path);
    this.#server.addService(service, implementation);
  }

  /** Begins to answer. @returns The address in use, `host:port`. */
  listen(): Promise<string> {
    return this.#front.listen(this.#listen);
  }

  get connectionCount(): number {
    return this.#front.connectionCount;
  }

  /** Takes no new calls, lets those in flight end within `graceMs`, then cuts them. Resolves when all is closed. */
  async stop(graceMs: Millis = STOP_GRACE_MS): Promise<void> {
    const closed = this.#front.close();
    this.#injector.drain(graceMs);
    // Handshakes are no sessions yet, and a far end may not close its side: the sockets themselves are ours.
    if (!(await within(closed, graceMs + STOP_FORCED_MS))) {
      this.#front.cut();
      await closed;
    }
    this.#server.forceShutdown();
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
