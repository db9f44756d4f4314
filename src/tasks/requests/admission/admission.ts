import { ClusterError, mayTake } from '../../../common/index.js';
import type { Millis } from '../../../common/index.js';
import type { Clock } from '../../../ports/index.js';
import { InFlightLimit } from './in-flight-limit.js';
import {
  COME_AGAIN_MS_MAX,
  COME_AGAIN_MS_MIN,
  MODEST_REQUESTS_MAX,
  TURN_TIMES_MAX,
  WAITING_ALWAYS,
  WAITING_MAX,
} from './limits.js';

/** The place of one request among those that are under way. */
export type Place = {
  /** The request was brought to the leader and answered. @param name - The class of such requests. */
  answered(name: string): void;
  /** The request is over, or waits for something else than for others. Again: no effect. */
  leave(): void;
};

/** A request that wants a place. */
export type Entering = {
  /** SPIFFE id that the bringer's TLS certificate names. */
  readonly caller: string;
  /** The time that is left to it. */
  readonly lifeMs: Millis;
  /** Ends the wait, with an error of the caller's as its reason. */
  readonly signal: AbortSignal;
};

type Waiting = { readonly admit: (place: Place) => void; readonly stop: (error: Error) => void };

/** The requests of one caller: under way, and in the order in which they wait. */
type Line = { running: number; readonly waiting: Set<Waiting> };

/**
 * Admits the requests of one kind by the time that they would wait. So many are under way as {@link InFlightLimit} finds
 * good; the others wait for their turn, and nothing but their decoding has been spent on them. The turn is that of the
 * caller with the fewest under way, and among those of the one whose last turn was longest ago. A request that would wait
 * too long is refused with the time after which to come again.
 */
export class Admission {
  readonly #clock: Pick<Clock, 'elapsed'>;
  readonly #limit: InFlightLimit;
  /** By caller; those of a caller without a request are forgotten. The one that had its turn last comes last. */
  readonly #lines = new Map<string, Line>();
  /** In the order in which they began. */
  readonly #places = new Set<{ readonly sinceMs: Millis; readonly leave: () => void }>();
  #waitingCount = 0;
  /** Requests under way of callers that have more than a modest one. */
  #immodest = 0;

  constructor(clock: Pick<Clock, 'elapsed'>, limit = new InFlightLimit()) {
    this.#clock = clock;
    this.#limit = limit;
  }

  get waitingCount(): number {
    return this.#waitingCount;
  }

  /** Callers that are remembered. */
  get callerCount(): number {
    return this.#lines.size;
  }

  get inFlight(): number {
    return this.#places.size;
  }

  /**
   * Gives a request its place, at once if one is free.
   *
   * @throws {ClusterError} `overloaded` BUSY when it would wait too long. What is given later may fail with the reason of
   *   the signal.
   */
  enter(entering: Entering): Place | Promise<Place> {
    const { caller, lifeMs, signal } = entering;
    this.#release();
    if (this.#places.size < this.#limit.count && this.#waitingCount === 0)
      return this.#take(caller);
    const line = this.#lineOf(caller);
    const turnMs = this.#turnMs(line);
    const isOften = line.waiting.size >= WAITING_ALWAYS;
    const isLate = turnMs > lifeMs || (isOften && turnMs > TURN_TIMES_MAX * this.#limit.serviceMs);
    if (isLate || !mayTake(line.waiting.size, this.#waitingCount, WAITING_MAX)) {
      this.#forget(caller, line);
      throw busy(turnMs);
    }
    return new Promise((resolve, reject) => {
      const over = (act: () => void): void => {
        if (!line.waiting.delete(waiting)) return;
        this.#waitingCount -= 1;
        signal.removeEventListener('abort', onAbort);
        this.#forget(caller, line);
        act();
      };
      const waiting: Waiting = {
        admit: (place) => over(() => resolve(place)),
        stop: (error) => over(() => reject(error)),
      };
      const onAbort = (): void => waiting.stop(reasonOf(signal));
      line.waiting.add(waiting);
      this.#waitingCount += 1;
      if (signal.aborted) return onAbort();
      signal.addEventListener('abort', onAbort);
    });
  }

  /** Gives places on that were kept too long. */
  tick(): void {
    this.#release();
    this.#admit();
  }

  /** Admits all that wait: without a leader they wait for one, and not for each other. */
  admitAll(): void {
    while (this.#waitingCount > 0) this.#admitNext();
  }

  /** Ends every wait. */
  close(error: Error): void {
    for (const { waiting } of this.#lines.values()) {
      for (const each of waiting) each.stop(error);
    }
  }

  /** The time until a request that comes now would have its turn, if every caller that waits has its share. */
  #turnMs(line: Line): Millis {
    let callers = line.waiting.size === 0 ? 1 : 0;
    for (const { waiting } of this.#lines.values()) if (waiting.size > 0) callers += 1;
    const ahead = (line.waiting.size + 1) * callers;
    return (ahead / this.#limit.count) * this.#limit.serviceMs;
  }

  #admit(): void {
    while (this.#waitingCount > 0 && this.#places.size < this.#limit.count) this.#admitNext();
  }

  #admitNext(): void {
    let next: { readonly caller: string; readonly line: Line } | undefined;
    for (const [caller, line] of this.#lines) {
      if (line.waiting.size === 0) continue;
      if (next === undefined || line.running < next.line.running) next = { caller, line };
    }
    if (next === undefined) return;
    const { caller, line } = next;
    this.#lines.delete(caller);
    this.#lines.set(caller, line);
    const [first] = line.waiting;
    first?.admit(this.#take(caller));
  }

  #take(caller: string): Place {
    const line = this.#lineOf(caller);
    const sinceMs = this.#clock.elapsed();
    this.#run(line, 1);
    const leave = (): void => {
      if (!this.#places.delete(kept)) return;
      this.#run(line, -1);
      this.#forget(caller, line);
      this.#admit();
    };
    const kept = { sinceMs, leave };
    this.#places.add(kept);
    const answered = (name: string): void =>
      this.#limit.answered(name, this.#clock.elapsed() - sinceMs, {
        wasFull: this.#waitingCount > 0,
        isHeldUp:
          line.running + line.waiting.size <= MODEST_REQUESTS_MAX &&
          2 * this.#immodest >= this.#limit.count,
      });
    return { answered, leave };
  }

  #run(line: Line, change: 1 | -1): void {
    const countOf = (): number => (line.running > MODEST_REQUESTS_MAX ? line.running : 0);
    const before = countOf();
    line.running += change;
    this.#immodest += countOf() - before;
  }

  /** Takes places back that were kept too long: those requests go on, and others have their turn. */
  #release(): void {
    const beforeMs = this.#clock.elapsed() - this.#limit.heldMsMax;
    for (const { sinceMs, leave } of this.#places) {
      if (sinceMs > beforeMs) return;
      leave();
    }
  }

  #lineOf(caller: string): Line {
    const found = this.#lines.get(caller);
    if (found !== undefined) return found;
    const line: Line = { running: 0, waiting: new Set() };
    this.#lines.set(caller, line);
    return line;
  }

  #forget(caller: string, line: Line): void {
    if (line.running === 0 && line.waiting.size === 0 && this.#lines.get(caller) === line)
      this.#lines.delete(caller);
  }
}

/** @param turnMs - What it would have had to wait: half of it later there is room for as many. */
function busy(turnMs: Millis): ClusterError {
  return new ClusterError('overloaded', 'More requests wait on this node than it can take now', {
    reason: 'BUSY',
    retryAfterMs: Math.min(Math.max(Math.ceil(turnMs / 2), COME_AGAIN_MS_MIN), COME_AGAIN_MS_MAX),
  });
}

function reasonOf(signal: AbortSignal): Error {
  const reason: unknown = signal.reason;
  return reason instanceof Error ? reason : new ClusterError('cancelled', 'The call has ended');
}
