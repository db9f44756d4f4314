import type { ClientHttp2Session } from 'node:http2';
import type { SecureContext } from 'node:tls';
import type { Millis } from '../common/index.js';
import { identityOf, Pings } from '../rpc/index.js';
import type { Dial } from '../rpc/index.js';
import { dialNode } from './dial.js';
import type { Endpoint } from './endpoint.js';
import { GrpcFailure } from './errors.js';
import { PING_INTERVAL_MS, PING_MS_MAX, RECONNECT_MS_MAX, RECONNECT_MS_MIN } from './limits.js';
import { NodeProblem, problemOf, durationOf } from './node-problem.js';
import { answersOf } from './server-stream.js';
import type { Requests } from './server-stream.js';
import { unary } from './unary.js';
import type { Asking } from './unary.js';

/**
 * The connection to one node, made when a call needs it and made again after it ended. While calls wait on it, PINGs tell
 * a node that is slow from one that is frozen.
 */
export class NodeLink {
  readonly endpoint: Endpoint;
  readonly #secureContext: () => SecureContext;
  #nodeId = '';
  #dial: Dial | undefined;
  #session: ClientHttp2Session | undefined;
  /** Why the session ended, or the last dial. */
  #problem: NodeProblem | undefined;
  #redialAtMs: Millis = 0;
  #redialPauseMs: Millis = 0;
  #callsOpen = 0;
  #pings: Pings | undefined;
  #closed: NodeProblem | undefined;

  constructor(endpoint: Endpoint, secureContext: () => SecureContext) {
    this.endpoint = endpoint;
    this.#secureContext = secureContext;
  }

  /** For messages: `node-1 (10.0.0.1:7400)`, or the endpoint alone as long as it has shown no certificate. */
  get label(): string {
    return this.#nodeId === '' ? this.endpoint.text : `${this.#nodeId} (${this.endpoint.text})`;
  }

  /** A call that waits now has been asked. */
  get isOpen(): boolean {
    return this.#session !== undefined;
  }

  /**
   * @throws GrpcFailure with the node's status; NodeProblem when there is none: the node was not reached, or the connection
   * ended before the answer; the signal's reason.
   */
  async ask(asking: Asking, timeoutMs: Millis, signal: AbortSignal): Promise<Uint8Array> {
    const end = this.#begin();
    try {
      const session = await this.#sessionFor(signal);
      const { text } = this.endpoint;
      return await unary(session, text, asking, timeoutMs, signal, () => this.#lost());
    } catch (error) {
      // Anything else is thrown by a session that has ended in this moment.
      throw signal.aborted || error instanceof GrpcFailure ? error : problemOf(error);
    } finally {
      end();
    }
  }

  /** A call whose answers are a stream: see {@link answersOf}. @throws As {@link ask} does, also between two of them. */
  async *follow(
    call: Pick<Asking, 'path' | 'headers'>,
    begin: (requests: Requests) => void,
    signal: AbortSignal,
  ): AsyncGenerator<Uint8Array, void, undefined> {
    const end = this.#begin();
    try {
      const session = await this.#sessionFor(signal);
      const lost = () => this.#lost();
      yield* answersOf(session, this.endpoint.text, call, begin, signal, lost);
    } catch (error) {
      throw signal.aborted || error instanceof GrpcFailure ? error : problemOf(error);
    } finally {
      end();
    }
  }

  /** A call is under way. @returns What is run when it has ended. */
  #begin(): () => void {
    this.#callsOpen += 1;
    this.#session?.ref();
    return () => {
      this.#callsOpen -= 1;
      if (this.#callsOpen === 0) this.#rest();
    };
  }

  async #sessionFor(signal: AbortSignal): Promise<ClientHttp2Session> {
    const session = this.#session ?? (await orAborted(this.#connect(), signal));
    this.#watch();
    return session;
  }

  #lost(): NodeProblem {
    return this.#problem ?? new NodeProblem('closed', 'broke off the call');
  }

  /** The next call connects anew. Calls that are under way end on the connection that they began on. */
  renew(): void {
    const session = this.#session;
    this.#session = undefined;
    session?.close();
  }

  /** Ends its calls and whatever connects. Later calls fail. */
  close(problem: NodeProblem): void {
    this.#closed = problem;
    this.#dial?.stop(problem);
    if (this.#session !== undefined) this.#drop(this.#session, problem);
  }

  /** Calls that come while it connects share the attempt. */
  async #connect(): Promise<ClientHttp2Session> {
    if (this.#closed !== undefined) throw this.#closed;
    if (this.#problem !== undefined && performance.now() < this.#redialAtMs) throw this.#problem;
    this.#dial ??= dialNode(this.endpoint, this.#secureContext());
    const dial = this.#dial;
    try {
      const { session, certificate } = await dial.opened;
      if (this.#dial !== dial) return this.#session ?? (await this.#connect());
      this.#dial = undefined;
      this.#nodeId = identityOf(certificate)?.name ?? '';
      this.#adopt(session);
      return session;
    } catch (error) {
      const problem = problemOf(error);
      if (this.#dial === dial) {
        this.#dial = undefined;
        this.#fail(problem);
      }
      throw problem;
    }
  }

  #fail(problem: NodeProblem): void {
    this.#problem = problem;
    this.#redialPauseMs = Math.min(
      Math.max(this.#redialPauseMs * 2, RECONNECT_MS_MIN),
      RECONNECT_MS_MAX,
    );
    this.#redialAtMs = performance.now() + this.#redialPauseMs;
  }

  #adopt(session: ClientHttp2Session): void {
    this.#session = session;
    this.#problem = undefined;
    this.#redialPauseMs = 0;
    this.#redialAtMs = 0;
    session.once('error', (error) => this.#drop(session, problemOf(error)));
    session.once('close', () =>
      this.#drop(session, new NodeProblem('closed', 'closed the connection')),
    );
    // Calls that it has begun may end; the next one connects anew.
    session.once('goaway', () => {
      if (this.#session === session) this.#session = undefined;
    });
    if (this.#callsOpen === 0) session.unref();
  }

  /** The session is over, and its calls with it. */
  #drop(session: ClientHttp2Session, problem: NodeProblem): void {
    if (this.#session === session) {
      this.#session = undefined;
      this.#problem = problem;
    }
    session.destroy();
  }

  #watch(): void {
    this.#pings ??= new Pings({
      session: () => this.#session,
      intervalMs: PING_INTERVAL_MS,
      msMax: PING_MS_MAX,
      silent: (session) => {
        const words = `did not answer a PING in ${durationOf(PING_MS_MAX)}`;
        this.#drop(session, new NodeProblem('silent', words));
      },
    });
  }

  /** No call waits: nothing here keeps the process. */
  #rest(): void {
    this.#pings?.stop();
    this.#pings = undefined;
    this.#session?.unref();
  }
}

/** The result of `work`, or the signal's reason when that comes first. The work itself goes on. */
function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = (): void => reject(signal.reason);
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}
