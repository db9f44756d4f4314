import { once } from 'node:events';
import { constants } from 'node:http2';
import type { ClientHttp2Session, IncomingHttpHeaders } from 'node:http2';
import { concat } from '../common/index.js';
import { callHeaders, framed, messageLength, PREFIX_BYTES } from '../rpc/index.js';
import { GrpcFailure } from './errors.js';
import { RESPONSE_BYTES_MAX } from './limits.js';
import type { NodeProblem } from './node-problem.js';
import { encodedHeaders, failureIn, tooLarge, unreadable } from './unary.js';
import type { Asking } from './unary.js';

/** The requests of a stream. */
export type Requests = {
  /** Without effect when the stream has ended: that is told where its answers are read. */
  send(message: Uint8Array): void;
  /** No more will be sent. */
  end(): void;
};

/**
 * Makes a call whose answers are a stream, on an HTTP/2 session. A reader that pauses is not sent more than flow control lets
 * through.
 *
 * @param begin - Gets what sends a message: of a call with one request it sends that, and ends.
 * @param lost - The reason, when the session has ended before the stream did.
 * @returns The bytes of each message. It ends when the node ended the stream with OK.
 * @throws GrpcFailure with the status that the node gave; NodeProblem when it gave none; the signal's reason.
 */
export async function* answersOf(
  session: ClientHttp2Session,
  authority: string,
  { path, headers }: Pick<Asking, 'path' | 'headers'>,
  begin: (requests: Requests) => void,
  signal: AbortSignal | undefined,
  lost: () => NodeProblem,
): AsyncGenerator<Uint8Array, void, undefined> {
  signal?.throwIfAborted();
  const stream = session.request({
    ...callHeaders(authority, path),
    'user-agent': 'quorate-client',
    ...encodedHeaders(headers),
  });
  const stop = (): void => stream.close(constants.NGHTTP2_CANCEL);
  signal?.addEventListener('abort', stop, { once: true });
  let first: IncomingHttpHeaders | undefined;
  let last: IncomingHttpHeaders | undefined;
  stream.on('response', (received) => (first = received));
  stream.on('trailers', (received) => (last = received));
  // The reason is read when the stream is closed.
  stream.on('error', () => undefined);
  const closed = once(stream, 'close').catch(() => undefined);
  const messages = new Messages();
  try {
    begin({
      send: (message) => stream.writable && stream.write(framed(message)),
      end: () => stream.end(),
    });
    try {
      for await (const chunk of stream) yield* messages.take(chunk);
    } catch (error) {
      if (error instanceof GrpcFailure) throw error;
      // The stream broke off: what is known of its end says more than its own error.
    }
    await closed;
    signal?.throwIfAborted();
    const failure = failureIn(first, last, stream.rstCode, lost);
    if (failure !== undefined) throw failure;
    if (!messages.isWhole) throw unreadable();
  } finally {
    signal?.removeEventListener('abort', stop);
    if (!stream.closed) stop();
  }
}

/** Cuts a stream of bytes into messages: each with its prefix, not compressed. */
class Messages {
  #rest: Uint8Array = new Uint8Array(0);

  /** No message has begun that is not complete. */
  get isWhole(): boolean {
    return this.#rest.length === 0;
  }

  /** @throws GrpcFailure for what is no message, or a longer one than any answer. */
  *take(chunk: Uint8Array): Generator<Uint8Array, void, undefined> {
    this.#rest = concat(this.#rest, chunk);
    while (this.#rest.length >= PREFIX_BYTES) {
      const length = messageLength(this.#rest);
      if (length === undefined) throw unreadable();
      if (length > RESPONSE_BYTES_MAX) throw tooLarge();
      const end = PREFIX_BYTES + length;
      if (this.#rest.length < end) return;
      const message = this.#rest.slice(PREFIX_BYTES, end);
      this.#rest = this.#rest.slice(end);
      yield message;
    }
  }
}
