import { lookup as systemLookup } from 'node:dns';
import type { LookupAddress, LookupOptions } from 'node:dns';
import type { LookupFunction } from 'node:net';
import type { Millis } from '../../common/index.js';
import { LOOKUP_CALLERS_MAX, LOOKUP_SLOW_MS, SLOW_NAMES_MAX } from '../limits.js';

type Callback = (
  error: NodeJS.ErrnoException | null,
  address: string | LookupAddress[],
  family?: number,
) => void;
type Lookup = (host: string, options: LookupOptions, callback: Callback) => void;

/**
 * Asks the system for a name once at a time, however often it is dialled meanwhile, and for names that were slow one after
 * the other. A resolver that does not answer holds a thread of Node's pool until it gives up, and nothing can take that
 * back: Node has two such threads, and with both held no other name would be found.
 *
 * @param lookup - The system's `getaddrinfo`.
 */
export function sharedLookup(
  lookup: Lookup = systemLookup,
  nowMs: () => Millis = () => performance.now(),
): LookupFunction {
  const asked = new Map<string, Callback[]>();
  const slow = new SlowNames();
  return (host, options, callback) => {
    const { family, hints, all } = options;
    const key = JSON.stringify([host, family, hints, all]);
    const waiting = asked.get(key);
    if (waiting !== undefined) {
      waiting.push(callback);
      // The dials that came first were given up long ago.
      if (waiting.length > LOOKUP_CALLERS_MAX) waiting.shift();
      return;
    }
    const callers = [callback];
    asked.set(key, callers);
    slow.inTurn(host, (leave) => {
      const sinceMs = nowMs();
      lookup(host, options, (...answer) => {
        asked.delete(key);
        leave(nowMs() - sinceMs > LOOKUP_SLOW_MS);
        for (const each of callers) each(...answer);
      });
    });
  };
}

/** The names whose last answer took long, of which one is asked for at a time. */
class SlowNames {
  readonly #names = new Set<string>();
  readonly #waiting: (() => void)[] = [];
  #isAsked = false;

  /** Runs `ask` now, or for a slow name when no other slow one is asked for. It says at its end whether it was slow. */
  inTurn(host: string, ask: (leave: (wasSlow: boolean) => void) => void): void {
    if (!this.#names.has(host)) return ask((wasSlow) => this.#note(host, wasSlow));
    const begin = (): void => {
      this.#isAsked = true;
      ask((wasSlow) => {
        this.#note(host, wasSlow);
        this.#isAsked = false;
        this.#waiting.shift()?.();
      });
    };
    if (this.#isAsked) this.#waiting.push(begin);
    else begin();
  }

  #note(host: string, wasSlow: boolean): void {
    this.#names.delete(host);
    if (wasSlow && this.#names.size < SLOW_NAMES_MAX) this.#names.add(host);
  }
}
