import type { Millis } from '../../common/index.js';
import { PlainHttp } from '../../machine/index.js';

export const METRICS_CONNECTIONS_MAX = 8;
export const METRICS_MS_MAX: Millis = 10_000;
const HEADER_BYTES_MAX = 8 * 1024;

/** `GET /metrics` over plain HTTP, for whoever reaches the port: nothing there is secret, and no key, task or caller is named. */
export class MetricsServer {
  readonly #http: PlainHttp;
  /** Given to all who ask while it is made: a collector that asks too often costs no more. */
  #asked: Promise<string> | undefined;

  /** @param text - All series in the text format. */
  constructor(listen: string, contentType: string, text: () => Promise<string>) {
    const bounds = {
      connectionsMax: METRICS_CONNECTIONS_MAX,
      lifeMsMax: METRICS_MS_MAX,
      headerBytesMax: HEADER_BYTES_MAX,
    };
    const answer = async () => {
      this.#asked ??= text().finally(() => (this.#asked = undefined));
      return { status: 200, type: contentType, body: await this.#asked };
    };
    this.#http = new PlainHttp(listen, bounds, (path) =>
      path === '/metrics' ? answer : undefined,
    );
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
