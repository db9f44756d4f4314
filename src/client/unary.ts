import { constants } from 'node:http2';
import type { ClientHttp2Session, IncomingHttpHeaders } from 'node:http2';
import { concat } from '../common/index.js';
import type { Millis } from '../common/index.js';
import {
  callHeaders,
  DETAILS_TRAILER,
  framed,
  messageLength,
  PREFIX_BYTES,
  statusWords,
} from '../rpc/index.js';
import { GrpcFailure } from './errors.js';
import { RESPONSE_BYTES_MAX } from './limits.js';
import type { NodeProblem } from './node-problem.js';

/** Metadata of a call: names in lower case; names that end with `-bin` have bytes. */
export type CallHeaders = Readonly<Record<string, string | Uint8Array>>;

/** One unary call, as every node is asked it. */
export type Asking = {
  /** Full name of the method: `/quorate.v1.KeyService/GetKey`. */
  readonly path: string;
  readonly headers: CallHeaders;
  readonly request: Uint8Array;
};

/** `grpc-timeout` has at most eight digits. */
const TIMEOUT_MS_MAX = 99_999_999;
const { NGHTTP2_CANCEL, NGHTTP2_ENHANCE_YOUR_CALM } = constants;
/** Codes of google.rpc.Code that the client gives itself. */
const OK = 0;
const UNKNOWN = 2;
const RESOURCE_EXHAUSTED = 8;
const UNAVAILABLE = 14;
const HTTP_OK = 200;

/**
 * Makes a unary call on an HTTP/2 session.
 *
 * @param lost - The reason, when the session has ended before the answer came.
 * @returns The bytes of the answer.
 * @throws GrpcFailure with the status that the node gave; NodeProblem when it gave none; the signal's reason.
 */
export function unary(
  session: ClientHttp2Session,
  authority: string,
  { path, headers, request }: Asking,
  timeoutMs: Millis,
  signal: AbortSignal,
  lost: () => NodeProblem,
): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const stream = session.request({
      ...callHeaders(authority, path),
      'user-agent': 'quorate-client',
      'grpc-timeout': `${Math.min(Math.max(Math.floor(timeoutMs), 1), TIMEOUT_MS_MAX)}m`,
      ...encoded(headers),
    });
    const stop = (): void => {
      stream.close(NGHTTP2_CANCEL);
      reject(signal.reason);
    };
    let first: IncomingHttpHeaders | undefined;
    let last: IncomingHttpHeaders | undefined;
    const chunks: Uint8Array[] = [];
    let size = 0;
    stream.on('response', (received) => (first = received));
    stream.on('trailers', (received) => (last = received));
    stream.on('data', (chunk: Buffer) => {
      size += chunk.length;
      chunks.push(chunk);
      if (size <= PREFIX_BYTES + RESPONSE_BYTES_MAX) return;
      chunks.length = 0;
      stream.close(NGHTTP2_CANCEL);
      reject(tooLarge());
    });
    // The reason is read when the stream is closed, from its code and its session.
    stream.on('error', () => undefined);
    stream.once('close', () => {
      signal.removeEventListener('abort', stop);
      const status = last ?? first;
      if (status !== undefined && 'grpc-status' in status) settle(status, chunks, resolve, reject);
      else if (first !== undefined && Number(first[':status']) !== HTTP_OK)
        reject(new GrpcFailure(UNAVAILABLE, `HTTP status ${String(first[':status'])}`));
      else if (stream.rstCode === NGHTTP2_ENHANCE_YOUR_CALM)
        reject(
          new GrpcFailure(RESOURCE_EXHAUSTED, 'The node takes no more calls on this connection'),
        );
      else reject(lost());
    });
    signal.addEventListener('abort', stop, { once: true });
    stream.end(framed(request));
  });
}

function encoded(headers: CallHeaders): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name,
      typeof value === 'string' ? value : Buffer.from(value).toString('base64'),
    ]),
  );
}

function settle(
  status: IncomingHttpHeaders,
  chunks: readonly Uint8Array[],
  resolve: (message: Uint8Array) => void,
  reject: (failure: GrpcFailure) => void,
): void {
  const code = Number(status['grpc-status']);
  if (code !== OK) {
    reject(
      new GrpcFailure(
        Number.isInteger(code) ? code : UNKNOWN,
        statusWords(status),
        detailsOf(status),
      ),
    );
    return;
  }
  const message = messageOf(concat(...chunks));
  if (message === undefined)
    reject(new GrpcFailure(UNKNOWN, 'The node answered with something that is no message'));
  else resolve(message);
}

/** The one message of a unary answer: not compressed, and nothing behind it. */
function messageOf(bytes: Uint8Array): Uint8Array | undefined {
  if (bytes.length < PREFIX_BYTES) return undefined;
  const message = bytes.subarray(PREFIX_BYTES);
  return messageLength(bytes) === message.length ? message : undefined;
}

function detailsOf(status: IncomingHttpHeaders): Uint8Array | undefined {
  const value = status[DETAILS_TRAILER];
  return typeof value === 'string' ? new Uint8Array(Buffer.from(value, 'base64')) : undefined;
}

function tooLarge(): GrpcFailure {
  return new GrpcFailure(RESOURCE_EXHAUSTED, `The answer is over ${RESPONSE_BYTES_MAX} bytes`);
}
