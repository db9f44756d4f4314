import type { ClusterId, Millis } from '../common/index.js';
import { REQUEST_METADATA, requestBytes, taskIdOf } from '../identity/index.js';
import { otelTracer } from '../machine/index.js';
import type { Span } from '../ports/index.js';
import { METHODS } from '../state/index.js';
import { requestIdIn } from '../wire/index.js';
import { QuorateError } from './errors.js';
import { CLOCK_CORRECTION_MS_MAX, REQUEST_LIFETIME_MS_MAX } from './limits.js';
import type { Method } from './methods.js';
import { derOf } from './request-signer.js';
import type { RequestSigner } from './request-signer.js';
import type { CallHeaders } from './unary.js';
import { remainingMs, stopped } from './until.js';
import type { Until } from './until.js';

/** The way of a request to the cluster: a call for each, or a stream. */
export type Carrier = {
  /** Sends these bytes and headers, however often it takes. @throws QuorateError, or ServerFault. */
  send<Answer>(
    method: Method<never, Answer>,
    request: Uint8Array,
    until: Until,
    headers: CallHeaders,
  ): Promise<Answer>;
};

const TRACER = otelTracer();
const MAKE_TASKS: ReadonlySet<string> = new Set(Object.values(METHODS));

/** A time that a Date can name. */
const TIME = /^\d{1,15}$/;

/** The signer of requests, and the cluster that they are for: a signature for one is nothing to another. */
export type Signing = {
  readonly clusterId: ClusterId;
  /** The signer of now: its key and its chain go together. */
  readonly signer: () => RequestSigner;
};

/**
 * Calls that change something, each signed by its requester. However often one is repeated, the nodes get the same
 * bytes with the same signature, so that it is done once.
 */
export class Mutations {
  readonly #carrier: Carrier;
  readonly #signing: Signing | undefined;
  readonly #requester: string | undefined;
  /** How far the cluster's clock is ahead of this machine's, as a refusal has shown. */
  #aheadMs: Millis = 0;

  /**
   * @param signing - Without it requests go unsigned, and a node vouches for them where the cluster lets it.
   * @param requester - The SPIFFE id that tasks are of: with the request's id it names the task, for its trace.
   */
  constructor(carrier: Carrier, signing: Signing | undefined, requester: string | undefined) {
    this.#carrier = carrier;
    this.#signing = signing;
    this.#requester = requester;
  }

  /**
   * @param request - The bytes that are signed and sent.
   * @param lifetimeMs - How long nodes may work on it.
   * @param judgedMs - The time at which the cluster judges its signature, for a method with a time of its own.
   * @throws QuorateError, or ServerFault.
   */
  async call<Answer>(
    method: Method<never, Answer>,
    request: Uint8Array,
    until: Until,
    lifetimeMs: Millis = remainingMs(until),
    judgedMs?: Millis,
  ): Promise<Answer> {
    const attempt = async () => {
      const nowMs = judgedMs ?? Date.now() + this.#aheadMs;
      const expiryMs = Math.floor(nowMs + Math.min(lifetimeMs, REQUEST_LIFETIME_MS_MAX));
      const headers = await this.#headersFor(method.path, request, until, expiryMs);
      return this.#carrier.send(method, request, until, headers);
    };
    const span = this.#begun(method, request);
    try {
      const answer = await this.#repeated(attempt, judgedMs);
      span?.end();
      return answer;
    } catch (error) {
      span?.end({}, (error instanceof QuorateError && error.reason) || 'Error');
      throw error;
    }
  }

  /** The span of a call whose request makes a task. */
  #begun({ path }: Method<never, unknown>, request: Uint8Array): Span | undefined {
    if (this.#requester === undefined || !MAKE_TASKS.has(path)) return undefined;
    const requestId = requestIdIn(request);
    return TRACER.begin(taskIdOf(this.#requester, requestId), 'call', { method: path });
  }

  async #repeated<Answer>(attempt: () => Promise<Answer>, judgedMs?: Millis): Promise<Answer> {
    try {
      return await attempt();
    } catch (error) {
      if (judgedMs !== undefined) throw error;
      const aheadMs = this.#signing && clockAhead(error);
      if (aheadMs === undefined) throw error;
      // Once: a second refusal is not about this machine's clock.
      this.#aheadMs = aheadMs;
      return attempt();
    }
  }

  async #headersFor(
    method: string,
    request: Uint8Array,
    until: Until,
    expiryMs: Millis,
  ): Promise<CallHeaders> {
    if (this.#signing === undefined) return {};
    const { clusterId } = this.#signing;
    const signer = this.#signing.signer();
    const bytes = requestBytes(clusterId, method, expiryMs, request);
    const signature = await within(until, signer.sign(bytes));
    return {
      [REQUEST_METADATA.signature]: signature,
      [REQUEST_METADATA.certificate]: derOf(signer.chain),
      [REQUEST_METADATA.expiry]: String(expiryMs),
    };
  }
}

/**
 * The cluster's clock by a refusal for expiry; `undefined` for every other failure.
 *
 * @throws QuorateError when it is too far from this machine's: a lying node could get a signature that is good for years.
 */
function clockAhead(error: unknown): Millis | undefined {
  if (!(error instanceof QuorateError)) return undefined;
  if (error.reason !== 'REQUEST_EXPIRED' && error.reason !== 'EXPIRY_TOO_FAR') return undefined;
  const shown = error.facts['time_ms'] ?? '';
  if (!TIME.test(shown)) return undefined;
  const timeMs = Number(shown);
  const aheadMs = timeMs - Date.now();
  if (Math.abs(aheadMs) <= CLOCK_CORRECTION_MS_MAX) return aheadMs;
  const words = `a node says that the cluster's clock shows ${new Date(timeMs).toISOString()}`;
  throw new QuorateError(
    error.code,
    `${error.message}; ${words}: one of them is wrong, this machine's clock or the cluster's`,
    {
      ...error.details,
      cause: error,
    },
  );
}

/** The result of `work`. @throws QuorateError when the call's time ends first, or its caller stops it. */
async function within<T>(until: Until, work: Promise<T>): Promise<T> {
  const { signal } = until;
  let end: (() => void) | undefined;
  let late: NodeJS.Timeout | undefined;
  const ended = new Promise<never>((_, reject) => {
    end = () => reject(stopped(signal));
    if (signal?.aborted === true) end();
    signal?.addEventListener('abort', end, { once: true });
    late = setTimeout(() => reject(tooSlow()), remainingMs(until));
  });
  try {
    return await Promise.race([work, ended]);
  } finally {
    clearTimeout(late);
    if (end !== undefined) signal?.removeEventListener('abort', end);
  }
}

function tooSlow(): QuorateError {
  return new QuorateError('deadline', 'The request was not signed in time', {
    reason: 'SIGNER_TOO_SLOW',
  });
}
