import type { Millis } from '../common/index.js';
import { PlainHttp } from './plain-http.js';
import type { PlainAnswer } from './plain-http.js';

/** Connections that are open at a time; what comes beyond is closed unread. */
export const PROBE_CONNECTIONS_MAX = 16;
/** A connection is cut after so long, whatever comes over it. */
export const PROBE_MS_MAX: Millis = 2_000;
/** Of a request's line and headers. */
export const PROBE_HEADER_BYTES_MAX = 4 * 1024;

/** The answers of a node to a supervisor of processes. */
export type ProbeAnswers = {
  /** The node has begun to take part in its cluster. */
  isStarted(): boolean;
  /** A leader is known, what it leads with is applied here, the disk has room, and the node is not about to stop. */
  isReady(): boolean;
};

/**
 * Start-up, readiness and liveness over plain HTTP: `GET /startup`, `/ready` and `/live` are answered with 200 or 503, and no body.
 * Nothing else is told, to anybody. One request for each connection. That `/live` is answered says that the event loop turns, and
 * no more: a node without a quorum is not mended by a restart.
 */
export class ProbeServer {
  readonly #http: PlainHttp;

  constructor(listen: string, answers: ProbeAnswers) {
    const bounds = {
      connectionsMax: PROBE_CONNECTIONS_MAX,
      lifeMsMax: PROBE_MS_MAX,
      headerBytesMax: PROBE_HEADER_BYTES_MAX,
    };
    this.#http = new PlainHttp(listen, bounds, (path) => answerOf(path, answers));
  }

  /** Resolves with the address that it listens on. */
  listen(): Promise<string> {
    return this.#http.listen();
  }

  /** Cuts what is open. Resolves when the port is closed. */
  stop(): Promise<void> {
    return this.#http.stop();
  }
}

function answerOf(path: string, answers: ProbeAnswers): (() => PlainAnswer) | undefined {
  switch (path) {
    case '/startup':
      return () => said(answers.isStarted());
    case '/ready':
      return () => said(answers.isReady());
    case '/live':
      return () => said(true);
    default:
      return undefined;
  }
}

function said(is: boolean): PlainAnswer {
  return { status: is ? 200 : 503 };
}
