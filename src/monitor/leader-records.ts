import type { Millis } from '../common/index.js';
import { LEADERS_MAX, REASONS_MAX, TIMES_KEPT } from './limits.js';

/** How tasks ended while one voter led. */
export type LeaderRecord = {
  readonly leader: string;
  readonly done: number;
  readonly failed: number;
  /** Half of the latest tasks, and 95 in 100, took at most so long from their entry to their end; 0 before the first. */
  readonly medianMs: Millis;
  readonly p95Ms: Millis;
  /** The reasons of failures, the most frequent first; `OTHER` for those beyond the first {@link REASONS_MAX}. */
  readonly reasons: readonly { readonly reason: string; readonly count: number }[];
};

type Counts = {
  done: number;
  failed: number;
  readonly reasons: Map<string, number>;
  /** The latest, in no order. */
  readonly tookMs: Millis[];
  next: number;
};

const OTHER = 'OTHER';

/** Counts the tasks that come to an end under each leader, as one node sees them: since it started, and within bounds. */
export class LeaderRecords {
  /** The leader of which a task ended longest ago comes first. */
  readonly #leaders = new Map<string, Counts>();

  /** @param failure - Why there is no result; `undefined` where there is one. */
  ended(leader: string, failure: string | undefined, tookMs: Millis): void {
    const counts = this.#take(leader);
    if (failure === undefined) counts.done += 1;
    else {
      counts.failed += 1;
      const { reasons } = counts;
      const isKnown = reasons.has(failure) || reasons.size < REASONS_MAX;
      const reason = isKnown ? failure : OTHER;
      reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
    }
    counts.tookMs[counts.next] = Math.max(0, tookMs);
    counts.next = (counts.next + 1) % TIMES_KEPT;
  }

  all(): readonly LeaderRecord[] {
    return [...this.#leaders].map(([leader, { done, failed, reasons, tookMs }]) => {
      const sorted = tookMs.toSorted((a, b) => a - b);
      const quantile = (part: number): Millis => sorted[Math.ceil(part * sorted.length) - 1] ?? 0;
      return {
        leader,
        done,
        failed,
        medianMs: quantile(0.5),
        p95Ms: quantile(0.95),
        reasons: [...reasons]
          .map(([reason, count]) => ({ reason, count }))
          .toSorted((a, b) => b.count - a.count),
      };
    });
  }

  #take(leader: string): Counts {
    const before = this.#leaders.get(leader);
    const counts = before ?? { done: 0, failed: 0, reasons: new Map(), tookMs: [], next: 0 };
    this.#leaders.delete(leader);
    const [oldest] = this.#leaders.keys();
    if (this.#leaders.size >= LEADERS_MAX && oldest !== undefined) this.#leaders.delete(oldest);
    this.#leaders.set(leader, counts);
    return counts;
  }
}
