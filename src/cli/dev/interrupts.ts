/** Ctrl-C under npm arrives twice, from the terminal and from npm: signals so close together are one. */
const SAME_MS = 500;

/** The first SIGINT, SIGTERM or SIGHUP asks to end; a second one calls `atOnce`. */
export class Interrupts implements Disposable {
  readonly #first = new AbortController();
  readonly #atOnce: () => void;
  readonly #listener = () => this.ask();
  #firstAt = 0;

  constructor(atOnce: () => void) {
    this.#atOnce = atOnce;
    for (const signal of SIGNALS) process.on(signal, this.#listener);
  }

  /** Aborted by the first signal. */
  get signal(): AbortSignal {
    return this.#first.signal;
  }

  /** Resolves at the first signal. */
  get asked(): Promise<void> {
    const { signal } = this.#first;
    if (signal.aborted) return Promise.resolve();
    return new Promise((resolve) => signal.addEventListener('abort', () => resolve()));
  }

  /** A request to end, as a signal makes it. */
  ask(): void {
    const now = performance.now();
    if (!this.#first.signal.aborted) {
      this.#firstAt = now;
      this.#first.abort();
    } else if (now - this.#firstAt > SAME_MS) {
      this.#atOnce();
    }
  }

  [Symbol.dispose](): void {
    for (const signal of SIGNALS) process.off(signal, this.#listener);
  }
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
