import { BoundedCache } from '../../../crypto/index.js';
import {
  FAILURES_REMEMBERED_MAX,
  ONE_AT_A_TIME_FAILURES,
  SESSIONS_END_FAILURES,
} from '../../limits.js';

/** The sessions that a node still takes part in with a version of a key. */
export type FailureStanding = 'free' | 'one-at-a-time' | 'ended';

/**
 * This node's count of sessions that failed and showed no culprit, by key and version. Who can make sessions fail, again and again,
 * may learn from each a little of a secret: so a version signs less after some, and not at all after many.
 */
export class SessionFailures {
  readonly #counts = new BoundedCache<number>(FAILURES_REMEMBERED_MAX);

  /** @param version - Names the key and its version. */
  failed(version: string): void {
    this.#counts.set(version, (this.#counts.get(version) ?? 0) + 1);
  }

  standing(version: string): FailureStanding {
    const count = this.#counts.get(version) ?? 0;
    if (count >= SESSIONS_END_FAILURES) return 'ended';
    return count >= ONE_AT_A_TIME_FAILURES ? 'one-at-a-time' : 'free';
  }
}
