import { Metadata, status } from '@grpc/grpc-js';
import { connect, constants } from 'node:http2';
import type { ClientHttp2Session, IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http2';
import { once } from 'node:events';
import { connect as connectTls } from 'node:tls';
import { gzipSync } from 'node:zlib';
import { seen } from '../unit/rpc/server-fixture.js';
import type { Answer, Call, Transport } from './case.js';
import { ANSWER_MS_MAX } from './case.js';
import { framed } from './table.js';

type Opened = { readonly call: Call; readonly session: ClientHttp2Session };

/** No gRPC library: headers and bytes as they are. A connection is kept: nodes take a bounded number of handshakes. */
export class OverHttp2 implements Transport {
  readonly name = 'HTTP/2';
  #kept: Opened[] = [];

  cannot(): undefined {
    return undefined;
  }

  async call(call: Call): Promise<Answer> {
    try {
      return call.speaks === 'HTTP/1.1' ? await overHttp1(call) : await this.#overHttp2(call);
    } catch {
      // No connection, or it was cut: a gRPC library says so.
      return answerOf({ code: status.UNAVAILABLE });
    }
  }

  async close(): Promise<void> {
    for (const { session } of this.#kept.splice(0)) session.destroy();
  }

  async #overHttp2(call: Call): Promise<Answer> {
    const kept = this.#kept.find((each) => !each.session.closed && isLike(each.call, call));
    const session = kept?.session ?? open(call);
    this.#kept = this.#kept.filter((each) => each.session !== session);
    try {
      const answer = await within(answered(session, call));
      // A stream that is left open would be in the way of the next call.
      if (call.leftOpen !== true) this.#kept.push({ call, session });
      return answer;
    } finally {
      if (!this.#kept.some((each) => each.session === session)) session.destroy();
    }
  }
}

/** Claims that both calls may go over one connection. */
function isLike(one: Call, other: Call): boolean {
  const same = (name: 'ca' | 'cert' | 'key') => one.tls?.[name] === other.tls?.[name];
  return (
    one.address === other.address &&
    one.speaks === other.speaks &&
    same('ca') &&
    same('cert') &&
    same('key')
  );
}

function open(call: Call): ClientHttp2Session {
  const scheme = call.speaks === 'plain text' ? 'http' : 'https';
  const session = connect(`${scheme}://${call.address}`, {
    ...call.tls,
    checkServerIdentity: () => undefined,
    servername: 'localhost',
    maxSendHeaderBlockLength: 2 ** 30,
    ...(call.speaks === 'TLS 1.2' ? { maxVersion: 'TLSv1.2' as const } : {}),
  });
  // Between two calls a node may end it.
  session.on('error', () => undefined);
  return session;
}

function answered(session: ClientHttp2Session, call: Call): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const failed = (error?: Error) => reject(error ?? new Error('the connection was closed'));
    session.once('error', failed).once('close', failed);
    const stream = session.request(headersOf(call));
    let headers: IncomingHttpHeaders = {};
    const data: Buffer[] = [];
    stream.on('response', (each) => (headers = { ...headers, ...each }));
    stream.on('trailers', (each: IncomingHttpHeaders) => (headers = { ...headers, ...each }));
    stream.on('data', (bytes: Buffer) => data.push(bytes));
    // A reset is not an answer; what it means is in gRPC's table of HTTP/2 errors.
    stream.on('error', (error) =>
      stream.rstCode === constants.NGHTTP2_ENHANCE_YOUR_CALM
        ? resolve(answerOf({ code: status.RESOURCE_EXHAUSTED }))
        : reject(error),
    );
    stream.on('end', () => {
      session.off('error', failed).off('close', failed);
      if (headers[':status'] !== undefined) resolve(read(headers, Buffer.concat(data)));
    });
    for (const bytes of bodyOf(call)) stream.write(bytes);
    if (call.leftOpen !== true) stream.end();
  });
}

function headersOf(call: Call): OutgoingHttpHeaders {
  // Without a prototype: a header may be called __proto__.
  const headers: OutgoingHttpHeaders = Object.assign(Object.create(null) as object, {
    ':method': 'POST',
    ':path': call.path,
    'content-type': 'application/grpc',
    te: 'trailers',
    ...(call.timeoutMs === undefined ? {} : { 'grpc-timeout': `${call.timeoutMs}m` }),
    ...(call.packed === true ? { 'grpc-encoding': 'gzip' } : {}),
    ...call.headers,
  });
  for (const [key, value] of call.metadata ?? [])
    headers[key] = typeof value === 'string' ? value : Buffer.from(value).toString('base64');
  return headers;
}

function bodyOf(call: Call): readonly Uint8Array[] {
  if (call.bytes !== undefined) return [call.bytes];
  return (call.messages ?? []).map((message) =>
    call.packed === true ? framed(gzipSync(message), 1) : framed(message),
  );
}

function read(headers: IncomingHttpHeaders, body: Buffer): Answer {
  const metadata = new Metadata();
  for (const [key, value] of Object.entries(headers)) {
    if (key.startsWith(':') || value === undefined) continue;
    const text = String(value);
    metadata.set(key, key.endsWith('-bin') ? Buffer.from(text, 'base64') : text);
  }
  const code = headers['grpc-status'];
  const answer = answerOf({
    code: code === undefined ? undefined : Number(code),
    message: decodeURI(String(headers['grpc-message'] ?? '')),
    metadata,
    response: body.length > 5 ? new Uint8Array(body.subarray(5)) : undefined,
  });
  return { ...answer, http: Number(headers[':status']) };
}

export function answerOf(parts: {
  readonly code: number | undefined;
  readonly message?: string;
  readonly metadata?: Metadata;
  readonly response?: Uint8Array | undefined;
}): Answer {
  const { code, message = '', metadata = new Metadata(), response } = parts;
  if (code === status.OK) return seen(null, response);
  const error = Object.assign(new Error(message), {
    code: code ?? status.UNKNOWN,
    details: message,
    metadata,
  });
  return seen(error);
}

/** What comes of a client that knows no HTTP/2: TLS finds no protocol in common. */
async function overHttp1(call: Call): Promise<Answer> {
  const [host, port] = call.address.split(':');
  const socket = connectTls({
    ...call.tls,
    host,
    port: Number(port),
    ALPNProtocols: ['http/1.1'],
    servername: 'localhost',
    checkServerIdentity: () => undefined,
  });
  try {
    await once(socket, 'secureConnect');
    socket.write(`POST ${call.path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n`);
    const [bytes] = (await once(socket, 'data')) as [Buffer];
    // An answer is one too many: nothing here is to speak HTTP/1.1.
    return answerOf({ code: status.UNKNOWN, message: bytes.toString('latin1') });
  } finally {
    socket.destroy();
  }
}

async function within<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('no answer')), ANSWER_MS_MAX);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
