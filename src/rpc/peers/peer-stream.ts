import { constants } from 'node:http2';
import type { ClientHttp2Session, ClientHttp2Stream, IncomingHttpHeaders } from 'node:http2';
import { concat } from '../../common/index.js';
import { callHeaders, framed, messageLength, PREFIX_BYTES, statusWords } from '../http2/grpc.js';
import { Pings } from '../http2/pings.js';
import { ANSWER_BYTES_MAX, PEER_PING_INTERVAL_MS, PEER_PING_MS_MAX } from '../limits.js';
import { closed, faultOf, LinkFault, silent } from './link-fault.js';

/** Codes of google.rpc.Code by which a node says that it starts or stops, or that a newer stream took this one's place. */
const PASSING = new Set(['1', '10', '14']);

export type StreamEvents = {
  /** A message came. */
  readonly message: (bytes: Uint8Array) => void;
  /** There is room for more, after a write that said that there is not. */
  readonly drain: () => void;
  /** Once, and the last event. */
  readonly ended: (fault: LinkFault) => void;
};

/** A stream of messages over a session of its own, in gRPC's form. PINGs find out when nothing arrives any more. */
export class PeerStream {
  readonly #session: ClientHttp2Session;
  readonly #stream: ClientHttp2Stream;
  readonly #events: StreamEvents;
  readonly #pings: Pings;
  #received: Uint8Array = new Uint8Array(0);
  #fault: LinkFault | undefined;
  #isOver = false;

  constructor(session: ClientHttp2Session, path: string, peer: string, events: StreamEvents) {
    this.#session = session;
    this.#events = events;
    this.#stream = session.request(callHeaders(peer, path));
    let status: IncomingHttpHeaders = {};
    this.#stream.on('response', (headers) => (status = headers));
    this.#stream.on('trailers', (headers) => (status = headers));
    this.#stream.on('data', (chunk: Buffer) => this.#onData(chunk));
    this.#stream.on('drain', () => events.drain());
    this.#stream.on('error', (error) => (this.#fault ??= faultOf(error)));
    // The far end has said all, and reads no more.
    this.#stream.once('end', () => this.#end(faultIn(status)));
    this.#stream.once('close', () => this.#end(faultIn(status)));
    session.on('error', (error) => (this.#fault ??= faultOf(error)));
    session.once('close', () => this.#end());
    this.#pings = new Pings({
      session: () => session,
      intervalMs: PEER_PING_INTERVAL_MS,
      msMax: PEER_PING_MS_MAX,
      silent: () => this.cancel(silent(`no answer to a PING in ${PEER_PING_MS_MAX} ms`)),
    });
  }

  /** @returns Whether there is room for more. */
  write(message: Buffer): boolean {
    return this.#stream.write(framed(message));
  }

  /** Ends the stream and its session at once. */
  cancel(fault = new LinkFault(undefined, 'cancelled')): void {
    this.#fault ??= fault;
    this.#stream.close(constants.NGHTTP2_CANCEL);
    this.#end();
  }

  #end(status?: LinkFault): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#pings.stop();
    this.#session.destroy();
    this.#events.ended(this.#fault ?? status ?? closed(false));
  }

  #onData(chunk: Uint8Array): void {
    this.#received = this.#received.length === 0 ? chunk : concat(this.#received, chunk);
    while (!this.#isOver && this.#received.length >= PREFIX_BYTES) {
      const length = messageLength(this.#received);
      if (length === undefined || length > ANSWER_BYTES_MAX) {
        this.cancel(new LinkFault('A peer refuses the stream', 'its answer is no hello'));
        return;
      }
      const end = PREFIX_BYTES + length;
      if (this.#received.length < end) return;
      const message = this.#received.slice(PREFIX_BYTES, end);
      this.#received = this.#received.slice(end);
      this.#events.message(message);
    }
  }
}

/** The status with which the far end ended the stream, if it did. */
function faultIn(headers: IncomingHttpHeaders): LinkFault | undefined {
  const code = headers['grpc-status'];
  if (typeof code !== 'string') return undefined;
  const words = `status ${code} ${statusWords(headers)}`;
  return new LinkFault(PASSING.has(code) ? undefined : 'A peer refuses the stream', words);
}
