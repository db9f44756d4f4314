import type { ClientHttp2Session } from 'node:http2';
import type { Millis } from '../../common/index.js';

export type PingParts = {
  /** The session that is asked, if there is one now. */
  readonly session: () => ClientHttp2Session | undefined;
  readonly intervalMs: Millis;
  readonly msMax: Millis;
  /** The far end of the session has not answered a PING in `msMax`. */
  readonly silent: (session: ClientHttp2Session) => void;
};

/**
 * HTTP/2 PINGs, one at a time, until `stop`: they tell a far end that is slow from one that is frozen or gone. All sessions
 * of a process that have one interval are asked at the same moments, so that an idle process wakes up once for all.
 */
export class Pings {
  readonly #parts: PingParts;
  #next: NodeJS.Timeout | undefined;
  #late: NodeJS.Timeout | undefined;

  constructor(parts: PingParts) {
    this.#parts = parts;
    this.#arm();
  }

  stop(): void {
    clearTimeout(this.#next);
    clearTimeout(this.#late);
  }

  #arm(): void {
    const { intervalMs } = this.#parts;
    const leftMs = intervalMs - (performance.now() % intervalMs);
    // A timer can fire a little early: then this moment is over, too.
    const waitMs = leftMs < intervalMs / 2 ? leftMs + intervalMs : leftMs;
    this.#next = setTimeout(() => {
      this.#arm();
      this.#ask();
    }, waitMs);
  }

  #ask(): void {
    const { msMax, silent } = this.#parts;
    const session = this.#parts.session();
    if (session === undefined || session.destroyed || this.#late !== undefined) return;
    let isAnswered = false;
    this.#late = setTimeout(() => {
      // The sockets are read first: this process may be what was stalled.
      setImmediate(() => {
        if (!isAnswered) silent(session);
      });
    }, msMax);
    session.ping(() => {
      isAnswered = true;
      clearTimeout(this.#late);
      this.#late = undefined;
    });
  }
}
