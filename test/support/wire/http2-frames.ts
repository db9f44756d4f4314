import { once } from 'node:events';
import { connect } from 'node:tls';
import type { TLSSocket } from 'node:tls';
import type { TlsFiles } from '../../../src/rpc/index.js';

/* HTTP/2 by hand (RFC 9113): what no client library would send. */

export const DATA = 0;
export const HEADERS = 1;
export const PRIORITY = 2;
export const RST_STREAM = 3;
export const SETTINGS = 4;
export const PING = 6;
export const GOAWAY = 7;
export const WINDOW_UPDATE = 8;
export const CONTINUATION = 9;

export const END_STREAM = 1;
export const ACK = 1;
export const END_HEADERS = 4;

const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';

export function frame(
  type: number,
  flags: number,
  stream: number,
  payload: Uint8Array = Buffer.alloc(0),
): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** A header block without compression (RFC 7541, §6.2.2, literal without indexing). */
export function headerBlock(headers: Readonly<Record<string, string>>): Buffer {
  return Buffer.concat(
    Object.entries(headers).flatMap(([name, value]) => [Buffer.of(0), text(name), text(value)]),
  );
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value, 'latin1');
  if (bytes.length < 127) return Buffer.concat([Buffer.of(bytes.length), bytes]);
  const length = [127];
  let rest = bytes.length - 127;
  for (; rest > 127; rest >>= 7) length.push((rest & 127) | 128);
  return Buffer.concat([Buffer.from([...length, rest]), bytes]);
}

/** The headers of a call. */
export function callHeaders(path: string): Record<string, string> {
  return {
    ':method': 'POST',
    ':scheme': 'https',
    ':path': path,
    ':authority': 'localhost',
    'content-type': 'application/grpc',
    te: 'trailers',
  };
}

/** What a server said before the connection was over. */
export type Ending = {
  /** The error code of its last GOAWAY. */
  readonly goaway: number | undefined;
  readonly bytesSent: number;
};

/** A connection on which frames are written as they are. */
export class FrameConnection {
  readonly socket: TLSSocket;
  readonly ended: Promise<Ending>;
  #goaway: number | undefined;
  #rest = Buffer.alloc(0);
  #isOver = false;

  private constructor(socket: TLSSocket) {
    this.socket = socket;
    socket.on('error', () => undefined);
    socket.on('data', (bytes: Buffer) => this.#read(bytes));
    this.ended = new Promise((resolve) => {
      socket.once('close', () => {
        this.#isOver = true;
        resolve({ goaway: this.#goaway, bytesSent: socket.bytesWritten });
      });
    });
  }

  /** TLS, and HTTP/2's preface unless it is left out. */
  static async open(address: string, tls: TlsFiles, preface = true): Promise<FrameConnection> {
    const [host, port] = address.split(':');
    const socket = connect({
      ...tls,
      host,
      port: Number(port),
      ALPNProtocols: ['h2'],
      servername: 'localhost',
      checkServerIdentity: () => undefined,
    });
    await once(socket, 'secureConnect');
    const connection = new FrameConnection(socket);
    if (preface) socket.write(Buffer.concat([Buffer.from(PREFACE), frame(SETTINGS, 0, 0)]));
    return connection;
  }

  get isOver(): boolean {
    return this.#isOver || this.socket.destroyed;
  }

  /** Writes, and waits while the far end does not read. */
  async write(bytes: Buffer): Promise<void> {
    if (this.isOver || this.socket.write(bytes)) return;
    await Promise.race([once(this.socket, 'drain').catch(() => undefined), this.ended]);
  }

  /** Writes the same again and again, up to `bytesMax`, until the far end closes. @returns Whether it did. */
  async flood(chunk: Buffer, bytesMax: number): Promise<boolean> {
    for (let sent = 0; sent < bytesMax && !this.isOver; sent += chunk.length)
      await this.write(chunk);
    return this.isOver;
  }

  close(): void {
    this.socket.destroy();
  }

  /** Looks for GOAWAY among the frames that come. */
  #read(bytes: Buffer): void {
    let rest = Buffer.concat([this.#rest, bytes]);
    while (rest.length >= 9) {
      const length = rest.readUIntBE(0, 3);
      if (rest.length < 9 + length) break;
      if (rest[3] === GOAWAY) this.#goaway = rest.readUInt32BE(9 + 4);
      rest = rest.subarray(9 + length);
    }
    this.#rest = rest;
  }
}
