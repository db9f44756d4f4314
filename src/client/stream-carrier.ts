import { setTimeout as pause } from 'node:timers/promises';
import type { Millis } from '../common/index.js';
import { REQUEST_METADATA, splitChain } from '../identity/index.js';
import {
  encode,
  SignResponse,
  SignStreamRequest,
  SignStreamResponse,
  Status,
} from '../wire/index.js';
import type { Authorization } from '../wire/index.js';
import { pauseAfter } from './call.js';
import { errorOf, GrpcFailure, PARTICIPANT_UNREACHABLE, QuorateError } from './errors.js';
import {
  STREAMED_MS_MAX,
  STREAMED_OPEN_MAX,
  STREAMED_WAITING_MAX,
  UNREACHED_MS_MAX,
} from './limits.js';
import { wrongAnswer } from './methods.js';
import type { Method } from './methods.js';
import type { Requests } from './server-stream.js';
import { whenThereIsRoom } from './room.js';
import type { SignInput } from './inputs.js';
import type { CallHeaders } from './unary.js';
import { remainingMs, stopped } from './until.js';
import type { CallOptions, Until } from './until.js';

/** A stream of signatures: see `QuorateClient.signStream`. */
export type SignStream = {
  /** As `QuorateClient.sign`. */
  sign(input: SignInput, options?: CallOptions): Promise<SignResponse>;
  /** Ends the stream. What has no answer yet fails; the cluster may still sign it. */
  close(): void;
};

/** A request that has no answer yet. */
type Pending = {
  readonly request: Uint8Array;
  readonly authorization: Authorization | undefined;
  readonly until: Until;
  settle(answer: SignResponse | Error): void;
};

/** Opens a stream at whichever node, again and again: see `Transport.stream`. */
export type OpenStreams = (
  begin: (requests: Requests) => void,
  signal: AbortSignal,
) => AsyncGenerator<Uint8Array, void, undefined>;

/**
 * Carries requests over one stream: many at once, each with its own answer. When the stream breaks off, another one takes up what has
 * no answer, with the same bytes and signatures, so that nothing is done twice.
 */
export class StreamCarrier {
  readonly #open: OpenStreams;
  readonly #stop = new AbortController();
  /** In the order in which they came: the first ones are on the stream. */
  readonly #pending = new Set<Pending>();
  /** Those on the stream, by their number there. */
  readonly #sent = new Map<bigint, Pending>();
  #number = 0n;
  #requests: Requests | undefined;
  #isRunning = false;
  #isClosed = false;

  constructor(open: OpenStreams) {
    this.#open = open;
  }

  /** As `Transport.send`, of the one method whose requests these streams take. */
  async send<Answer>(
    method: Method<never, Answer>,
    request: Uint8Array,
    until: Until,
    headers: CallHeaders,
  ): Promise<Answer> {
    const authorization = authorizationIn(headers);
    const ask = () => this.#ask(request, authorization, until);
    const answer = await whenThereIsRoom(ask, until);
    return method.decode(encode(SignResponse, answer));
  }

  /** Ends the stream, and every request on it. */
  close(): void {
    this.#isClosed = true;
    this.#stop.abort();
    this.#failAll(closedError());
  }

  /** Asks again while nodes refuse for now. */
  async #ask(
    request: Uint8Array,
    authorization: Authorization | undefined,
    until: Until,
  ): Promise<SignResponse> {
    const beganMs = performance.now();
    for (let round = 1; ; round++) {
      try {
        return await this.#attempt(request, authorization, until);
      } catch (error) {
        const waitMs = pauseAfter(round);
        const passedMs = performance.now() - beganMs;
        if (!isForNow(error, passedMs) || waitMs >= remainingMs(until)) throw error;
        await pause(waitMs, undefined, { signal: until.signal }).catch(() => {
          throw stopped(until.signal);
        });
      }
    }
  }

  #attempt(
    request: Uint8Array,
    authorization: Authorization | undefined,
    until: Until,
  ): Promise<SignResponse> {
    return new Promise((resolve, reject) => {
      if (this.#isClosed) return reject(closedError());
      if (until.signal?.aborted === true) return reject(stopped(until.signal));
      if (this.#pending.size >= STREAMED_WAITING_MAX) return reject(tooMany());
      const pending: Pending = {
        request,
        authorization,
        until,
        settle: (answer) => {
          clearTimeout(late);
          until.signal?.removeEventListener('abort', stop);
          this.#pending.delete(pending);
          if (answer instanceof Error) reject(answer);
          else resolve(answer);
        },
      };
      const stop = (): void => pending.settle(stopped(until.signal));
      const late = setTimeout(() => pending.settle(noAnswer(until)), remainingMs(until));
      until.signal?.addEventListener('abort', stop, { once: true });
      this.#pending.add(pending);
      this.#fill();
      if (!this.#isRunning) void this.#run();
    });
  }

  /** Follows a stream, as long as there are requests or it stays open. */
  async #run(): Promise<void> {
    this.#isRunning = true;
    try {
      const answers = this.#open((requests) => this.#begin(requests), this.#stop.signal);
      for await (const bytes of answers) this.#answered(SignStreamResponse.decode(bytes));
    } catch (error) {
      this.#failAll(error instanceof Error ? error : new Error(String(error)));
    } finally {
      this.#isRunning = false;
      this.#requests = undefined;
      this.#sent.clear();
    }
    if (this.#pending.size > 0 && !this.#isClosed) void this.#run();
  }

  /** A new stream: what has no answer is sent on it first. */
  #begin(requests: Requests): void {
    this.#requests = requests;
    this.#sent.clear();
    this.#number = 0n;
    this.#fill();
  }

  #fill(): void {
    if (this.#requests === undefined) return;
    const onStream = new Set(this.#sent.values());
    for (const pending of this.#pending) {
      if (this.#sent.size >= STREAMED_OPEN_MAX) return;
      if (onStream.has(pending)) continue;
      const { request, authorization, until } = pending;
      const timeoutMs = Math.max(Math.min(remainingMs(until), STREAMED_MS_MAX), 1);
      this.#number += 1n;
      this.#sent.set(this.#number, pending);
      this.#requests.send(encode(SignStreamRequest, { request, authorization, timeoutMs }));
    }
  }

  #answered({ number, outcome }: SignStreamResponse): void {
    const pending = this.#sent.get(number);
    if (pending === undefined) throw wrongAnswer('an answer to no request of the stream');
    this.#sent.delete(number);
    switch (outcome?.$case) {
      case 'response':
        pending.settle(outcome.value);
        break;
      case 'error': {
        const { code, message } = outcome.value;
        pending.settle(errorOf(new GrpcFailure(code, message, encode(Status, outcome.value))));
        break;
      }
      case undefined:
        pending.settle(wrongAnswer('an answer without an outcome'));
    }
    this.#fill();
  }

  #failAll(error: Error): void {
    for (const pending of this.#pending) pending.settle(error);
  }
}

/** The requester's signature, as the metadata of a call holds it. */
function authorizationIn(headers: CallHeaders): Authorization | undefined {
  const signature = headers[REQUEST_METADATA.signature];
  const chain = headers[REQUEST_METADATA.certificate];
  const expiry = headers[REQUEST_METADATA.expiry];
  if (!(signature instanceof Uint8Array) || !(chain instanceof Uint8Array)) return undefined;
  const certificates = splitChain(chain);
  if (certificates === undefined || typeof expiry !== 'string') return undefined;
  return { certificates: [...certificates], signature, expireTimeMs: BigInt(expiry) };
}

/** A refusal that another moment, or another node, does not share. */
function isForNow(error: unknown, passedMs: Millis): boolean {
  if (!(error instanceof QuorateError)) return false;
  if (error.reason === PARTICIPANT_UNREACHABLE && passedMs >= UNREACHED_MS_MAX) return false;
  return error.code === 'no-quorum' || error.code === 'not-leader';
}

function noAnswer({ totalMs }: Until): QuorateError {
  return new QuorateError('deadline', `No node had a result in ${totalMs} ms`);
}

function tooMany(): QuorateError {
  return new QuorateError(
    'overloaded',
    `This stream has ${STREAMED_WAITING_MAX} requests without an answer: wait for some`,
    { reason: 'STREAM_FULL' },
  );
}

function closedError(): QuorateError {
  return new QuorateError('cancelled', 'The stream is closed', { reason: 'CLIENT_CLOSED' });
}
