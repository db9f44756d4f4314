import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { assert } from '../common/index.js';
import type { Millis } from '../common/index.js';
import { splitAddress } from './addresses.js';

/** Connections that are open at a time; what comes beyond is closed unread. */
export const PROBE_CONNECTIONS_MAX = 16;
/** A connection is cut after so long, whatever comes over it. */
export const PROBE_MS_MAX: Millis = 2_000;
/** Of a request's line and headers. */
export const PROBE_HEADER_BYTES_MAX = 4 * 1024;

/** The answers of a node to a supervisor of processes. */
export type ProbeAnswers = {
  /** The node has begun to take part in its cluster. */
  isStarted(): boolean;
  /** A leader is known, what it leads with is applied here, and the node is not about to stop. */
  isReady(): boolean;
};

/**
 * Start-up, readiness and liveness over plain HTTP: `GET /startup`, `/ready` and `/live` are answered with 200 or 503, and no body.
 * Nothing else is told, to anybody. One request for each connection. That `/live` is answered says that the event loop turns, and
 * no more: a node without a quorum is not mended by a restart.
 */
export class ProbeServer {
  readonly #listen: string;
  readonly #answers: ProbeAnswers;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  constructor(listen: string, answers: ProbeAnswers) {
    this.#listen = listen;
    this.#answers = answers;
    this.#server = createServer(
      {
        maxHeaderSize: PROBE_HEADER_BYTES_MAX,
        headersTimeout: PROBE_MS_MAX,
        requestTimeout: PROBE_MS_MAX,
        connectionsCheckingInterval: PROBE_MS_MAX,
        keepAlive: false,
      },
      (request, response) => this.#answer(request, response),
    );
    this.#server.maxConnections = PROBE_CONNECTIONS_MAX;
    this.#server.on('connection', (socket) => this.#take(socket));
    // Bytes that are no request get no answer.
    this.#server.on('clientError', (_, socket) => socket.destroy());
    for (const event of ['upgrade', 'connect'] as const)
      this.#server.on(event, (_, socket) => socket.destroy());
    for (const event of ['checkContinue', 'checkExpectation'] as const)
      this.#server.on(event, (request: IncomingMessage) => request.socket.destroy());
  }

  /** Resolves with the address that it listens on. */
  async listen(): Promise<string> {
    const at = splitAddress(this.#listen);
    assert(at !== undefined, 'the configuration has checked the address');
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(at.port, at.host, () => {
        this.#server.off('error', reject);
        resolve();
      });
    });
    this.#server.on('error', () => undefined);
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    const { port, family, address } = this.#server.address() as AddressInfo;
    return family === 'IPv6' ? `[${address}]:${port}` : `${address}:${port}`;
  }

  /** Cuts what is open. Resolves when the port is closed. */
  async stop(): Promise<void> {
    const closed = new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #take(socket: Socket): void {
    this.#sockets.add(socket);
    const late = setTimeout(() => socket.destroy(), PROBE_MS_MAX).unref();
    socket.once('close', () => {
      clearTimeout(late);
      this.#sockets.delete(socket);
    });
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    response.writeHead(this.#statusOf(request), {
      'Cache-Control': 'no-store',
      Connection: 'close',
      'Content-Length': '0',
    });
    // A body is not read: the connection ends with the answer.
    response.end(() => request.socket.destroySoon());
  }

  #statusOf({ method, url, headers }: IncomingMessage): number {
    const hasBody =
      headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
    if (hasBody) return 413;
    const is = url === undefined ? undefined : this.#probeOf(url);
    if (is === undefined) return 404;
    if (method !== 'GET' && method !== 'HEAD') return 405;
    return is ? 200 : 503;
  }

  #probeOf(url: string): boolean | undefined {
    switch (url) {
      case '/startup':
        return this.#answers.isStarted();
      case '/ready':
        return this.#answers.isReady();
      case '/live':
        return true;
      default:
        return undefined;
    }
  }
}
