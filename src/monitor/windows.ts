import type { Millis } from '../common/index.js';
import { ANSWER_MS_MAX, SAMPLES_MIN, WINDOWS } from './limits.js';
import type { Links } from './observations.js';

/** One voter's measurements of the others: the times of this window, and the windows before. */
export class Windows {
  readonly #samples = new Map<string, Millis[]>();
  /** The latest windows of each peer, the oldest first. */
  readonly #closed = new Map<string, Millis[]>();

  /** A peer has answered, or has not: then the time is {@link ANSWER_MS_MAX}. */
  took(peer: string, ms: Millis): void {
    const samples = this.#samples.get(peer) ?? [];
    samples.push(Math.min(Math.max(0, Math.round(ms)), ANSWER_MS_MAX));
    this.#samples.set(peer, samples);
  }

  /** Ends the window: of each peer the median counts, so that a single late answer says nothing. */
  close(peers: readonly string[]): void {
    for (const peer of this.#closed.keys()) {
      if (!peers.includes(peer)) this.#closed.delete(peer);
    }
    for (const peer of peers) {
      const samples = this.#samples.get(peer) ?? [];
      if (samples.length < SAMPLES_MIN) this.#closed.delete(peer);
      else {
        const before = this.#closed.get(peer) ?? [];
        this.#closed.set(peer, [...before, medianOf(samples)].slice(-WINDOWS));
      }
    }
    this.#samples.clear();
  }

  /** The links of which all windows are known. */
  links(): Links {
    return new Map([...this.#closed].filter(([, windows]) => windows.length === WINDOWS));
  }
}

/** Of an even number of times the earlier of the middle two. */
function medianOf(times: readonly Millis[]): Millis {
  return times.toSorted((a, b) => a - b)[Math.floor((times.length - 1) / 2)] ?? 0;
}
