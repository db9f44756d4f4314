import { ClusterError } from '../common/index.js';
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

type Caller = { tokens: number; countedMs: Millis; open: number };

/**
 * Keeps callers to their pace: a bucket of tokens for each, which every request takes one from, and a bound on the calls
 * that are open. Certificates name callers, so a caller has no more names than the authority gave it.
 */
export class Pace {
  readonly #limits: PaceLimits;
  readonly #nowMs: () => Millis;
  readonly #callers = new Map<string, Caller>();
  #open = 0;

  constructor(limits: Partial<PaceLimits> = {}, nowMs: () => Millis = () => performance.now()) {
    this.#limits = { ...LIMITS, ...limits };
    this.#nowMs = nowMs;
  }

  /**
   * A call begins. @returns What must be run, once, when it ends.
   *
   * @throws ClusterError `overloaded` when the caller has too many open, or asks too fast; says when to come again.
   */
  enter(name: string): () => void {
    const caller = this.#caller(name);
    this.#spend(caller);
    if (
      caller.open >= this.#limits.callsOpenPerCallerMax ||
      this.#open >= this.#limits.callsOpenMax
    )
      throw new ClusterError('overloaded', 'Too many calls are open', { reason: 'TOO_MANY_CALLS' });
    caller.open += 1;
    this.#open += 1;
    return () => {
      caller.open -= 1;
      this.#open -= 1;
    };
  }

  /** One more request on a stream that was let in. @throws ClusterError `overloaded`, as for a call. */
  request(name: string): void {
    this.#spend(this.#caller(name));
  }

  #spend(caller: Caller): void {
    const { callsPerSecond, callsBurst } = this.#limits;
    const nowMs = this.#nowMs();
    const gained = ((nowMs - caller.countedMs) / 1000) * callsPerSecond;
    caller.tokens = Math.min(caller.tokens + gained, callsBurst);
    caller.countedMs = nowMs;
    if (caller.tokens < 1)
      throw new ClusterError('overloaded', 'This caller calls too fast', {
        reason: 'CALLS_TOO_FAST',
        retryAfterMs: Math.ceil(((1 - caller.tokens) / callsPerSecond) * 1000),
      });
    caller.tokens -= 1;
  }

  #caller(name: string): Caller {
    const known = this.#callers.get(name);
    if (known !== undefined) return known;
    if (this.#callers.size >= CALLERS_REMEMBERED) this.#forget();
    const caller = { tokens: this.#limits.callsBurst, countedMs: this.#nowMs(), open: 0 };
    this.#callers.set(name, caller);
    return caller;
  }

  /** Forgets callers without an open call whose bucket is full again. */
  #forget(): void {
    const { callsPerSecond, callsBurst } = this.#limits;
    const full = this.#nowMs() - (callsBurst / callsPerSecond) * 1000;
    for (const [name, { open, countedMs }] of this.#callers)
      if (open === 0 && countedMs <= full) this.#callers.delete(name);
  }
}
