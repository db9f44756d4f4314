import { Budgets, ClusterError } from '../common/index.js';
import type { Millis } from '../common/index.js';
import {
  CALLERS_REMEMBERED,
  CALLS_BURST,
  CALLS_OPEN_MAX,
  CALLS_OPEN_PER_CALLER_MAX,
  CALLS_PER_SECOND,
  CALL_WORK_MS,
  LISTS_OPEN_PER_CALLER_MAX,
  REFUSALS_BURST,
  REFUSALS_PER_SECOND,
  RETRY_MS_MIN,
  STREAMS_OPEN_MAX,
  STREAMS_OPEN_PER_CALLER_MAX,
  WORK_MS_BURST,
  WORK_MS_PER_SECOND,
} from './limits.js';
import { Work } from './work.js';

/** The limits of calls to this node, for each caller and for all together. */
export type PaceLimits = {
  readonly callsPerSecond: number;
  readonly callsBurst: number;
  readonly callsOpenPerCallerMax: number;
  readonly callsOpenMax: number;
  readonly streamsOpenPerCallerMax: number;
  readonly streamsOpenMax: number;
  readonly listsOpenPerCallerMax: number;
  readonly refusalsPerSecond: number;
  readonly refusalsBurst: number;
  readonly workMsPerSecond: number;
  readonly workMsBurst: number;
};

/** A call with one answer, one of these that makes a list, or one whose answers last as long as its client likes. */
export type CallKind = 'unary' | 'list' | 'stream';

const LIMITS: PaceLimits = {
  callsPerSecond: CALLS_PER_SECOND,
  callsBurst: CALLS_BURST,
  callsOpenPerCallerMax: CALLS_OPEN_PER_CALLER_MAX,
  callsOpenMax: CALLS_OPEN_MAX,
  streamsOpenPerCallerMax: STREAMS_OPEN_PER_CALLER_MAX,
  streamsOpenMax: STREAMS_OPEN_MAX,
  listsOpenPerCallerMax: LISTS_OPEN_PER_CALLER_MAX,
  refusalsPerSecond: REFUSALS_PER_SECOND,
  refusalsBurst: REFUSALS_BURST,
  workMsPerSecond: WORK_MS_PER_SECOND,
  workMsBurst: WORK_MS_BURST,
};

/** Counts what is open, of each name and in all. It remembers no name that has nothing open. */
class OpenCalls {
  readonly #perNameMax: number;
  readonly #max: number;
  readonly #counts = new Map<string, number>();
  #count = 0;

  constructor(perNameMax: number, max: number) {
    this.#perNameMax = perNameMax;
    this.#max = max;
  }

  hasRoom(name: string): boolean {
    return this.#count < this.#max && (this.#counts.get(name) ?? 0) < this.#perNameMax;
  }

  open(name: string): void {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1);
    this.#count += 1;
  }

  close(name: string): void {
    const left = (this.#counts.get(name) ?? 1) - 1;
    if (left === 0) this.#counts.delete(name);
    else this.#counts.set(name, left);
    this.#count -= 1;
  }
}

/** The open calls of one kind, and the reason for which another is refused. */
type OpenKind = { readonly calls: OpenCalls; readonly reason: string };

/**
 * Keeps callers to their pace: for each a budget of calls and of what they cost, and bounds on the calls that are open.
 * Certificates name callers, so a caller has no more names than the authority gave it.
 */
export class Pace {
  readonly #nowMs: () => Millis;
  readonly #calls: Budgets;
  readonly #open: OpenCalls;
  /** Of those, the ones of the kinds that have bounds of their own. */
  readonly #ofKind: Readonly<Partial<Record<CallKind, OpenKind>>>;
  readonly #refusals: Budgets;
  readonly work: Work;

  constructor(limits: Partial<PaceLimits> = {}, nowMs: () => Millis = () => performance.now()) {
    const all = { ...LIMITS, ...limits };
    this.#nowMs = nowMs;
    this.#calls = new Budgets(
      { perSecond: all.callsPerSecond, burst: all.callsBurst },
      CALLERS_REMEMBERED,
    );
    this.#open = new OpenCalls(all.callsOpenPerCallerMax, all.callsOpenMax);
    this.#ofKind = {
      stream: {
        calls: new OpenCalls(all.streamsOpenPerCallerMax, all.streamsOpenMax),
        reason: 'TOO_MANY_STREAMS',
      },
      list: {
        calls: new OpenCalls(all.listsOpenPerCallerMax, all.callsOpenMax),
        reason: 'TOO_MANY_LISTS',
      },
    };
    this.#refusals = new Budgets(
      { perSecond: all.refusalsPerSecond, burst: all.refusalsBurst },
      CALLERS_REMEMBERED,
    );
    this.work = new Work({ perSecond: all.workMsPerSecond, burst: all.workMsBurst });
  }

  /**
   * A call begins. @returns What must be run, once, when it ends.
   *
   * @throws ClusterError `overloaded` when the caller has too many open, asks too fast or costs too much; says when to
   *   come again.
   */
  enter(name: string, kind: CallKind = 'unary'): () => void {
    this.request(name);
    if (!this.#open.hasRoom(name))
      throw new ClusterError('overloaded', 'Too many calls are open', { reason: 'TOO_MANY_CALLS' });
    const ofKind = this.#ofKind[kind];
    if (ofKind !== undefined && !ofKind.calls.hasRoom(name))
      throw new ClusterError('overloaded', `Too many ${kind}s are open`, {
        reason: ofKind.reason,
      });
    const counts = ofKind === undefined ? [this.#open] : [this.#open, ofKind.calls];
    for (const each of counts) each.open(name);
    return () => {
      for (const each of counts) each.close(name);
    };
  }

  /** One more request, of a call or on a stream. @throws ClusterError `overloaded`, as for a call. */
  request(name: string): void {
    const nowMs = this.#nowMs();
    if (!this.#calls.take(name, 1, nowMs))
      throw new ClusterError('overloaded', 'This caller calls too fast', {
        reason: 'CALLS_TOO_FAST',
        retryAfterMs: Math.max(this.#calls.waitMs(name, 1, nowMs), RETRY_MS_MIN),
      });
    this.work.require(name);
    this.work.charge(name, CALL_WORK_MS);
  }

  /** A call was refused before it was read. @returns Whether its caller may still be answered so. */
  refused(name: string): boolean {
    return this.#refusals.take(name, 1, this.#nowMs());
  }
}
