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
      ...encodedHeaders(headers),
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
      const failure = failureIn(first, last, stream.rstCode, lost);
      const message = failure === undefined ? messageOf(concat(...chunks)) : undefined;
      if (message === undefined) reject(failure ?? unreadable());
      else resolve(message);
    });
    signal.addEventListener('abort', stop, { once: true });
    stream.end(framed(request));
  });
}

/** As HTTP/2 takes them. */
export function encodedHeaders(headers: CallHeaders): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name,
      typeof value === 'string' ? value : Buffer.from(value).toString('base64'),
    ]),
  );
}

/**
 * Why a stream that is closed did not end with OK.
 *
 * @param first - The headers that came before any message; of an answer without messages they have the status.
 * @param last - Those behind the messages.
 */
export function failureIn(
  first: IncomingHttpHeaders | undefined,
  last: IncomingHttpHeaders | undefined,
  rstCode: number | undefined,
  lost: () => NodeProblem,
): GrpcFailure | NodeProblem | undefined {
  const status = last ?? first;
  if (status !== undefined && 'grpc-status' in status) return failureOf(status);
  if (first !== undefined && Number(first[':status']) !== HTTP_OK)
    return new GrpcFailure(UNAVAILABLE, `HTTP status ${String(first[':status'])}`);
  if (rstCode === NGHTTP2_ENHANCE_YOUR_CALM)
    return new GrpcFailure(RESOURCE_EXHAUSTED, 'The node takes no more calls on this connection');
  return lost();
}

function failureOf(status: IncomingHttpHeaders): GrpcFailure | undefined {
  const code = Number(status['grpc-status']);
  if (code === OK) return undefined;
  const known = Number.isInteger(code) ? code : UNKNOWN;
  return new GrpcFailure(known, statusWords(status), detailsOf(status));
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

export function unreadable(): GrpcFailure {
  return new GrpcFailure(UNKNOWN, 'The node answered with something that is no message');
}

export function tooLarge(): GrpcFailure {
  return new GrpcFailure(RESOURCE_EXHAUSTED, `The answer is over ${RESPONSE_BYTES_MAX} bytes`);
}
