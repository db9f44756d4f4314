import type { EventEmitter } from 'node:events';
import type { IncomingHttpHeaders } from 'node:http2';
import type { TLSSocket } from 'node:tls';
import { Server } from '@grpc/grpc-js';
import type {
  ServerCredentials,
  ServerOptions,
  ServiceDefinition,
  UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { Alarms } from '../alarms/index.js';
import { assert, codeOf } from '../common/index.js';
import type { Millis } from '../common/index.js';
import type { Logger } from '../ports/index.js';
import { Front } from './front/front.js';
import type { FrontLimits } from './front/front.js';
import { clipDeadline } from './deadline-header.js';
import { networkOf } from './front/network-of.js';
import type { Connection } from './front/connection.js';
import { guard } from './guard.js';
import { STOP_FORCED_MS, STOP_GRACE_MS } from './limits.js';
import { watchLoop } from './loop-watch.js';
import type { Pace } from './pace.js';
import { namesOfShown } from './revoked.js';
import type { RevokedCertificates } from './revoked.js';
import { rolesOf } from './roles.js';

/** One port with one kind of caller. Every method that it serves stands behind the front and the guard. */
export class Listener {
  readonly #server: Server;
  readonly #listen: string;
  readonly #front: Front;
  readonly #pace: Pace | undefined;
  #endWatch: () => void = () => undefined;
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
    /** Without them every certificate of an authority counts. */
    readonly revoked?: RevokedCertificates | undefined;
    /** Until when a call's one request must be there. */
    readonly arrivalMs?: Millis | undefined;
  }) {
    const alarms = new Alarms({ elapsed: () => performance.now() }, parts.logger);
    this.#listen = parts.listen;
    this.#pace = parts.pace;
    this.#front = new Front({
      limits: parts.front,
      logger: parts.logger,
      alarms,
      handOn: (socket) => this.#injector.injectConnection(socket),
      attended: (isAttended) => this.#watchLoop(isAttended),
    });
    this.#server = new Server({
      'grpc.enable_channelz': 0,
      ...parts.options,
      interceptors: [guard({ ...parts, alarms, front: this.#front })],
    });
    // Experimental in grpc-js, which is pinned for it: docs/decisions/0012-a-front-of-our-own.md.
    this.#injector = this.#server.createConnectionInjector(parts.credentials);
    this.#mendHttp2(alarms, parts.revoked);
    parts.revoked?.onMore(() => this.#cutRevoked(parts.revoked));
  }

  /** Connections that TLS took before a certificate was revoked end now. */
  #cutRevoked(revoked: RevokedCertificates | undefined): void {
    this.#front.cutThose(({ names }) => revoked?.covers(names) === true);
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

  /** The event loop has a price only for callers, so it is looked at while there are connections. */
  #watchLoop(isAttended: boolean): void {
    this.#endWatch();
    this.#endWatch = () => undefined;
    const work = this.#pace?.work;
    if (isAttended && work !== undefined)
      this.#endWatch = watchLoop((lateMs) => work.looked(lateMs));
  }

  /** Mends faults of grpc-js in HTTP/2 and TLS below it, and looks at certificates as soon as TLS has verified them. */
  #mendHttp2(alarms: Alarms, revoked: RevokedCertificates | undefined): void {
    // A private field of grpc-js, which is pinned: it shows neither errors of TLS nor headers otherwise.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    const servers = this.#server['http2Servers'] as ReadonlyMap<EventEmitter, unknown>;
    assert(servers.size === 1, 'grpc-js has one HTTP/2 server for its one injector');
    for (const server of servers.keys()) {
      // Before grpc-js, which listens to the same event, reads them.
      server.prependListener('stream', (_: unknown, headers: IncomingHttpHeaders) =>
        clipDeadline(headers),
      );
      if (revoked !== undefined)
        server.prependListener('secureConnection', (socket: TLSSocket) =>
          this.#look(socket, revoked),
        );
      // Clients see a connection that ends, and not why: so the node's log says it.
      server.on('tlsClientError', (error: Error, socket: TLSSocket) => {
        const address =
          socket.remoteAddress === undefined
            ? this.#front.failedAddress()
            : networkOf(socket.remoteAddress);
        alarms.raise('A TLS handshake failed', address, { reason: faultOf(error, socket) });
      });
    }
  }

  #look(socket: TLSSocket, revoked: RevokedCertificates): void {
    const connection: Connection | undefined = this.#front.connectionOf(socket);
    if (connection === undefined) return;
    connection.names = namesOfShown(socket.getPeerCertificate(true));
    // Not before HTTP/2 has it: that does not bear a socket that is gone. The guard refuses what came with the handshake.
    if (revoked.covers(connection.names)) setImmediate(() => this.#cutRevoked(revoked));
  }

  /** Takes no new calls, lets those in flight end within `graceMs`, then cuts them. Resolves when all is closed. */
  async stop(graceMs: Millis = STOP_GRACE_MS): Promise<void> {
    this.#endWatch();
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

/** OpenSSL's or Node's name of the fault: CERT_HAS_EXPIRED, ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE. */
function faultOf(error: Error, socket: TLSSocket): string {
  // Node's types say Error; it is the name of what is wrong with the certificate.
  const wrong: unknown = socket.authorizationError;
  if (typeof wrong === 'string') return wrong;
  return codeOf(error) || error.message;
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
