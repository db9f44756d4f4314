import { Call } from './call.js';
import type { Nodes } from './call.js';
import { parseEndpoint } from './endpoint.js';
import { QuorateError } from './errors.js';
import { HEDGES_BURST, HEDGES_PER_ANSWER } from './limits.js';
import type { LiveCredentials } from './live-credentials.js';
import type { Method } from './methods.js';
import { NodeLink } from './node-link.js';
import { NodeProblem } from './node-problem.js';
import { resumed } from './resume.js';
import type { Requests } from './server-stream.js';
import type { FollowOptions } from './resume.js';
import { whenThereIsRoom } from './room.js';
import type { Asking, CallHeaders } from './unary.js';
import type { Until } from './until.js';

const CLOSED = new NodeProblem('closed', 'was not asked: the client is closed');

/** Calls to whichever node answers. */
export class Transport {
  readonly #links: readonly NodeLink[];
  readonly #nodes: Nodes & { readonly links: readonly NodeLink[] };
  readonly #credentials: LiveCredentials;
  readonly #calls = new Set<Call>();
  readonly #follows = new Set<AbortController>();
  #closed = false;
  #hedges = HEDGES_BURST;

  /** @param endpoints - `host:port` of nodes' client ports. */
  constructor(endpoints: readonly string[], credentials: LiveCredentials) {
    this.#credentials = credentials;
    if (endpoints.length === 0)
      throw new QuorateError('invalid-request', 'A client needs at least one endpoint', {
        reason: 'INVALID_ENDPOINT',
        field: 'endpoints',
      });
    this.#links = endpoints.map(
      (text) => new NodeLink(parseEndpoint(text), () => credentials.current.secureContext),
    );
    this.#nodes = { links: this.#links, first: 0, takeHedge: () => this.#takeHedge() };
  }

  /** Asks something. @throws As {@link send} does. */
  call<Request, Answer>(
    method: Method<Request, Answer>,
    request: Request,
    until: Until,
  ): Promise<Answer> {
    return this.send(method, method.encode(request), until, {});
  }

  /**
   * Makes one call. What it asks must be safe to ask twice: reads are, and so are requests with a request id. Every node
   * that is asked gets these bytes and these headers. A node that has too much to do is asked again when it says.
   *
   * @throws QuorateError, or ServerFault for a mistake of the server's. What a node said last is told rather than that
   * another one could not be reached.
   */
  async send<Answer>(
    method: Method<never, Answer>,
    request: Uint8Array,
    until: Until,
    headers: CallHeaders,
  ): Promise<Answer> {
    const asking = { path: method.path, headers, request };
    const bytes = await whenThereIsRoom(() => this.#ask(asking, until), until);
    this.#hedges = Math.min(this.#hedges + HEDGES_PER_ANSWER, HEDGES_BURST);
    return method.decode(bytes);
  }

  /**
   * Follows a stream of answers: at another node where it breaks off, while nodes refuse for now, for a minute. It ends when a node ends it with OK.
   *
   * @param request - Of the stream that begins next: what it asks can depend on what has come.
   * @throws QuorateError, or ServerFault for a mistake of the server's.
   */
  async *follow<Request, Answer>(
    method: Method<Request, Answer>,
    request: () => Request,
    options?: FollowOptions,
  ): AsyncGenerator<Answer, void, undefined> {
    const begin = (requests: Requests): void => {
      requests.send(method.encode(request()));
      requests.end();
    };
    for await (const bytes of this.stream(method.path, begin, options)) yield method.decode(bytes);
  }

  /** As {@link follow}, of streams whose requests `begin` sends. */
  async *stream(
    path: string,
    begin: (requests: Requests) => void,
    { signal, resumeMs }: FollowOptions = {},
  ): AsyncGenerator<Uint8Array, void, undefined> {
    const stop = new AbortController();
    const either = signal === undefined ? stop.signal : AbortSignal.any([stop.signal, signal]);
    this.#follows.add(stop);
    try {
      const before = () => this.#prepare();
      yield* resumed({ nodes: this.#nodes, path, before, begin, resumeMs, signal: either });
    } catch (error) {
      throw this.#closed ? closedError() : error;
    } finally {
      this.#follows.delete(stop);
    }
  }

  /** Ends all calls and connections at once, also what has not finished to connect. */
  close(): void {
    this.#closed = true;
    for (const call of this.#calls) call.stop(closedError());
    for (const stop of this.#follows) stop.abort();
    for (const link of this.#links) link.close(CLOSED);
  }

  async #ask(asking: Asking, until: Until): Promise<Uint8Array> {
    this.#prepare();
    const call = new Call(this.#nodes, asking, until);
    this.#calls.add(call);
    try {
      return await call.run();
    } finally {
      this.#calls.delete(call);
    }
  }

  /** Before something is asked: credentials that have changed are used, and those that are no good are told of. */
  #prepare(): void {
    if (this.#closed) throw closedError();
    if (this.#credentials.look()) for (const link of this.#links) link.renew();
    if (!this.#links.some(({ isOpen }) => isOpen)) this.#credentials.check();
  }

  #takeHedge(): boolean {
    if (this.#hedges < 1) return false;
    this.#hedges -= 1;
    return true;
  }
}

function closedError(): QuorateError {
  return new QuorateError('cancelled', 'The client is closed', { reason: 'CLIENT_CLOSED' });
}
