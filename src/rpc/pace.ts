import { Budgets, ClusterError } from '../common/index.js';
import type { Millis } from '../common/index.js';
import {
  CALLERS_REMEMBERED,
  CALLS_BURST,
  CALLS_OPEN_MAX,
  CALLS_OPEN_PER_CALLER_MAX,
  CALLS_PER_SECOND,
} from './limits.js';

/** The limits of calls to this node, for each caller and for all together. */
export type PaceLimits = {
  readonly callsPerSecond: number;
  readonly callsBurst: number;
  readonly callsOpenPerCallerMax: number;
  readonly callsOpenMax: number;
};

const LIMITS: PaceLimits = {
  callsPerSecond: CALLS_PER_SECOND,
  callsBurst: CALLS_BURST,
  callsOpenPerCallerMax: CALLS_OPEN_PER_CALLER_MAX,
  callsOpenMax: CALLS_OPEN_MAX,
};

/**
 * Keeps callers to their pace: a budget of calls for each, and a bound on the calls that are open. Certificates name
 * callers, so a caller has no more names than the authority gave it.
 */
export class Pace {
  readonly #limits: PaceLimits;
  readonly #nowMs: () => Millis;
  readonly #calls: Budgets;
  /** Calls that are open, by caller. */
  readonly #openOf = new Map<string, number>();
  #open = 0;

  constructor(limits: Partial<PaceLimits> = {}, nowMs: () => Millis = () => performance.now()) {
    this.#limits = { ...LIMITS, ...limits };
    this.#nowMs = nowMs;
    const { callsPerSecond, callsBurst } = this.#limits;
    this.#calls = new Budgets({ perSecond: callsPerSecond, burst: callsBurst }, CALLERS_REMEMBERED);
  }

  /**
   * A call begins. @returns What must be run, once, when it ends.
   *
   * @throws ClusterError `overloaded` when the caller has too many open, or asks too fast; says when to come again.
   */
  enter(name: string): () => void {
    this.request(name);
    const open = this.#openOf.get(name) ?? 0;
    if (open >= this.#limits.callsOpenPerCallerMax || this.#open >= this.#limits.callsOpenMax)
      throw new ClusterError('overloaded', 'Too many calls are open', { reason: 'TOO_MANY_CALLS' });
    this.#openOf.set(name, open + 1);
    this.#open += 1;
    return () => {
      const left = (this.#openOf.get(name) ?? 1) - 1;
      if (left === 0) this.#openOf.delete(name);
      else this.#openOf.set(name, left);
      this.#open -= 1;
    };
  }

  /** One more request, of a call or on a stream. @throws ClusterError `overloaded`, as for a call. */
  request(name: string): void {
    const nowMs = this.#nowMs();
    if (this.#calls.take(name, 1, nowMs)) return;
    throw new ClusterError('overloaded', 'This caller calls too fast', {
      reason: 'CALLS_TOO_FAST',
      retryAfterMs: this.#calls.waitMs(name, 1, nowMs),
    });
  }
}
