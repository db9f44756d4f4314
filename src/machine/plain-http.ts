import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { assert } from '../common/index.js';
import type { Millis } from '../common/index.js';
import { splitAddress } from './addresses.js';

/** Bounds of a port that answers over plain HTTP. */
export type PlainHttpBounds = {
  /** Connections that are open at a time; what comes beyond is closed unread. */
  readonly connectionsMax: number;
  /** A connection is cut after so long, whatever comes over it. */
  readonly lifeMsMax: Millis;
  /** Of a request's line and headers. */
  readonly headerBytesMax: number;
};

export type PlainAnswer = {
  readonly status: number;
  readonly type?: string;
  readonly body?: string;
};

const FAILED: PlainAnswer = { status: 500 };

/** The answer to `GET` and `HEAD` for a path; `undefined` where there is nothing. */
export type PlainAnswers = (path: string) => (() => PlainAnswer | Promise<PlainAnswer>) | undefined;

/** A port for anybody in reach, over plain HTTP: one request for each connection, without a body. */
export class PlainHttp {
  readonly #listen: string;
  readonly #answers: PlainAnswers;
  readonly #lifeMsMax: Millis;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  constructor(listen: string, bounds: PlainHttpBounds, answers: PlainAnswers) {
    const { connectionsMax, lifeMsMax, headerBytesMax } = bounds;
    this.#listen = listen;
    this.#answers = answers;
    this.#lifeMsMax = lifeMsMax;
    this.#server = createServer(
      {
        maxHeaderSize: headerBytesMax,
        headersTimeout: lifeMsMax,
        requestTimeout: lifeMsMax,
        connectionsCheckingInterval: lifeMsMax,
        keepAlive: false,
      },
      (request, response) => void this.#answer(request, response),
    );
    this.#server.maxConnections = connectionsMax;
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
    const late = setTimeout(() => socket.destroy(), this.#lifeMsMax).unref();
    socket.once('close', () => {
      clearTimeout(late);
      this.#sockets.delete(socket);
    });
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { status, type, body = '' } = await this.#answerTo(request).catch(() => FAILED);
    response.writeHead(status, {
      'Cache-Control': 'no-store',
      Connection: 'close',
      'Content-Length': String(Buffer.byteLength(body)),
      ...(type !== undefined && { 'Content-Type': type }),
    });
    // A body is not read: the connection ends with the answer.
    response.end(request.method === 'HEAD' ? undefined : body, () => request.socket.destroySoon());
  }

  async #answerTo({ method, url, headers }: IncomingMessage): Promise<PlainAnswer> {
    const hasBody =
      headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
    if (hasBody) return { status: 413 };
    const answer = url === undefined ? undefined : this.#answers(url);
    if (answer === undefined) return { status: 404 };
    return method === 'GET' || method === 'HEAD' ? answer() : { status: 405 };
  }
}
