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

/** HTTP/2 PINGs, one at a time, until `stop`: they tell a far end that is slow from one that is frozen or gone. */
export class Pings {
  readonly #parts: PingParts;
  readonly #interval: NodeJS.Timeout;
  #late: NodeJS.Timeout | undefined;

  constructor(parts: PingParts) {
    this.#parts = parts;
    this.#interval = setInterval(() => this.#ask(), parts.intervalMs);
  }

  stop(): void {
    clearInterval(this.#interval);
    clearTimeout(this.#late);
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
