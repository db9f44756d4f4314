import type { Millis } from '../../common/index.js';
import type { AppliedState, TaskContext } from '../context.js';

/**
 * The cluster's time as far as this node can tell, which may not lead: its own clock's, the log's and what has passed
 * since, and a leader's word. The latest counts, so that a clock which was set back here does not count.
 */
export class ClusterTime {
  readonly #context: Pick<TaskContext, 'clock' | 'consensus'>;
  readonly #state: Pick<AppliedState, 'queries'>;
  #appliedMs: Millis = 0;
  /** By the clock that does not jump, when the log's time was first seen. */
  #seenMs: Millis = 0;

  constructor(
    context: Pick<TaskContext, 'clock' | 'consensus'>,
    state: Pick<AppliedState, 'queries'>,
  ) {
    this.#context = context;
    this.#state = state;
  }

  /** Entries were applied. */
  applied(): void {
    const appliedMs = Number(this.#state.queries.totals().timeMs);
    // The time is lower than before only where an operator has corrected it.
    if (appliedMs === this.#appliedMs) return;
    this.#appliedMs = appliedMs;
    this.#seenMs = this.#context.clock.elapsed();
  }

  nowMs(): Millis {
    this.applied();
    const { clock, consensus } = this.#context;
    const passedMs = clock.elapsed() - this.#seenMs;
    return Math.max(clock.now(), this.#appliedMs + passedMs, consensus.nextTimeMs() ?? 0);
  }
}
