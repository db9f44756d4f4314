import { createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { assert } from '../../common/index.js';
import type { Millis } from '../../common/index.js';
import type { Alarms } from '../../alarms/index.js';
import type { Logger } from '../../ports/index.js';
import { hostAndPort } from '../host-and-port.js';
import { FIRST_BYTE_MS_MAX, FLOOD_CHECK_MS, CONNECTIONS_MAX } from '../limits.js';
import { networkOf } from './network-of.js';
import { Connection } from './connection.js';
import { Handshakes } from './handshakes.js';
import type { HandshakeLimits } from './handshakes.js';

export type FrontLimits = {
  readonly connectionsPerAddressMax: number;
  readonly connectionsMax?: number;
  readonly firstByteMs?: Millis;
  /** Whether connections that send more than calls are cut. Not between nodes: their streams never end. */
  readonly floods: 'cut' | 'tolerated';
  readonly handshakes?: Partial<HandshakeLimits>;
};

/** The far end of a connection. */
type Remote = {
  readonly remoteAddress?: string | undefined;
  readonly remotePort?: number | undefined;
};

/**
 * Stands before gRPC on a port: takes connections, as many as the limits say in all and from one address, hands on those
 * that begin to speak in time and for whose address there is a handshake left, and knows every one until it is closed,
 * so that a stop can cut them for certain.
 */
export class Front {
  readonly #server: Server;
  readonly #limits: Required<Omit<FrontLimits, 'handshakes'>>;
  readonly #logger: Logger;
  readonly #alarms: Alarms;
  readonly #handshakes: Handshakes;
  readonly #handOn: (socket: Socket) => void;
  readonly #attended: (isAttended: boolean) => void;
  readonly #connections = new Map<string, Connection>();
  readonly #counts = new Map<string, number>();
  #lastClosed: string | undefined;
  #floodCheck: NodeJS.Timeout | undefined;
  #onEmpty: () => void = () => undefined;

  constructor(parts: {
    readonly limits: FrontLimits;
    readonly logger: Logger;
    readonly alarms: Alarms;
    /** Takes a connection whose first byte is there. */
    readonly handOn: (socket: Socket) => void;
    /** Is told when the first connection is there, and when none is any more. */
    readonly attended?: (isAttended: boolean) => void;
  }) {
    this.#limits = {
      connectionsMax: CONNECTIONS_MAX,
      firstByteMs: FIRST_BYTE_MS_MAX,
      ...parts.limits,
    };
    this.#logger = parts.logger;
    this.#alarms = parts.alarms;
    this.#handshakes = new Handshakes(parts.limits.handshakes);
    this.#handOn = parts.handOn;
    this.#attended = parts.attended ?? (() => undefined);
    this.#server = createServer({ noDelay: true }, (socket) => this.#take(socket));
  }

  /** @returns The address in use, `host:port`. */
  listen(address: string): Promise<string> {
    const { host, port } = hostAndPort(address);
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen({ host, port }, () => {
        this.#server.off('error', reject);
        // Running out of file descriptors is told here; connections wait in the kernel until there are some.
        this.#server.on('error', (error) =>
          this.#logger.error('A port cannot take connections', { error: error.message }),
        );
        const bound = this.#server.address();
        assert(bound !== null && typeof bound !== 'string', 'a port of TCP has a number');
        resolve(`${address.slice(0, address.lastIndexOf(':'))}:${bound.port}`);
      });
    });
  }

  /** The connection from there, if it still is. */
  connectionOf(remote: Remote): Connection | undefined {
    return this.#connections.get(place(remote));
  }

  /**
   * The address of a connection that failed just now. Node forgets the address of a TLS socket when its connection is
   * gone, and tells of the failure in the same moment as of the end of the connection below.
   */
  failedAddress(): string | undefined {
    for (const connection of this.#connections.values())
      if (connection.isOver) return connection.address;
    return this.#lastClosed;
  }

  /** A stream is open on the connection. One too many without a request is not waited for until the next look. */
  streamOpened(connection: Connection): void {
    connection.streamOpened();
    if (this.#limits.floods === 'cut' && connection.isReset(performance.now()))
      this.#cutFlood(connection);
  }

  /** A call has begun on the connection: its TLS handshake was a good one. */
  proved(connection: Connection): void {
    this.#handshakes.succeeded(connection.address);
  }

  get connectionCount(): number {
    return this.#connections.size;
  }

  /** Takes no more. @returns When all that it took are closed. */
  close(): Promise<void> {
    this.#server.close();
    return new Promise((resolve) => {
      this.#onEmpty = resolve;
      this.#checkEmpty();
    });
  }

  /** Ends those whose certificates `isMeant` says so of. */
  cutThose(isMeant: (connection: Connection) => boolean): void {
    for (const connection of this.#connections.values()) {
      if (connection.isOver || !isMeant(connection)) continue;
      this.#alarms.raise('Cut a connection whose certificate is revoked', connection.caller, {
        address: connection.address,
      });
      connection.cut();
    }
  }

  /** Ends every connection, with the calls on it. */
  cut(): void {
    for (const connection of this.#connections.values()) connection.cut();
  }

  #take(socket: Socket): void {
    const address = networkOf(socket.remoteAddress);
    const count = this.#counts.get(address) ?? 0;
    if (
      this.#connections.size >= this.#limits.connectionsMax ||
      count >= this.#limits.connectionsPerAddressMax
    ) {
      this.#refuse(socket, address, 'too many connections');
      return;
    }
    const where = place(socket);
    if (this.#connections.size === 0) this.#attend();
    this.#counts.set(address, count + 1);
    this.#connections.set(where, new Connection(socket, address, performance.now()));
    const silent = setTimeout(() => socket.destroy(), this.#limits.firstByteMs);
    socket.on('error', () => undefined);
    socket.once('readable', () => {
      clearTimeout(silent);
      if (socket.destroyed) return;
      if (this.#handshakes.begin(address, performance.now())) this.#handOn(socket);
      else this.#refuse(socket, address, 'too many TLS handshakes');
    });
    socket.once('close', () => {
      clearTimeout(silent);
      this.#connections.delete(where);
      this.#lastClosed = address;
      const left = (this.#counts.get(address) ?? 1) - 1;
      if (left === 0) this.#counts.delete(address);
      else this.#counts.set(address, left);
      if (this.#connections.size === 0) this.#unattend();
      this.#checkEmpty();
    });
  }

  /** A port without connections has nothing to look after, and wakes up for none. */
  #attend(): void {
    if (this.#limits.floods === 'cut')
      this.#floodCheck = setInterval(() => this.#cutFloods(), FLOOD_CHECK_MS).unref();
    this.#attended(true);
  }

  #unattend(): void {
    clearInterval(this.#floodCheck);
    this.#attended(false);
  }

  /** A client that is refused is not told: its library dials again, later each time. */
  #refuse(socket: Socket, address: string, reason: string): void {
    socket.destroy();
    const connections = this.#connections.size;
    this.#alarms.raise('Refused a connection', address, { reason, connections });
  }

  #cutFloods(): void {
    const nowMs = performance.now();
    for (const connection of this.#connections.values()) {
      if (connection.isFlood(nowMs)) this.#cutFlood(connection);
    }
  }

  #cutFlood(connection: Connection): void {
    if (connection.isOver) return;
    this.#alarms.raise('Cut a connection that sent more than its calls', connection.caller, {
      address: connection.address,
      bytes: connection.bytesRead,
    });
    connection.cut();
  }

  #checkEmpty(): void {
    if (!this.#server.listening && this.#connections.size === 0) this.#onEmpty();
  }
}

function place(remote: Remote): string {
  return `${remote.remoteAddress}/${remote.remotePort}`;
}
