import type { CallTime } from '../api/index.js';
import { ClusterError } from '../common/index.js';
import type { Millis } from '../common/index.js';
import { CALL_MS_DEFAULT, CALL_MS_MAX } from './limits.js';

/** One for all calls: every call ends with it, and an error's stack is not for free. */
const ANSWERED = new ClusterError('cancelled', 'The call has been answered');

/** The part of a grpc-js call that is needed. */
type Timed = {
  getDeadline(): Date | number;
  once(event: 'cancelled', run: () => void): unknown;
};

/** The time that a call has: what its client asks for, a default, or the most we give. */
export class UnaryCallTime implements CallTime {
  readonly totalMs: Millis;
  readonly #controller = new AbortController();
  readonly #endMs: Millis;
  readonly #timer: NodeJS.Timeout;

  constructor(call: Timed) {
    const now = Date.now();
    const askedMs = Number(call.getDeadline()) - now;
    this.totalMs = Number.isFinite(askedMs) ? Math.min(askedMs, CALL_MS_MAX) : CALL_MS_DEFAULT;
    this.#endMs = now + this.totalMs;
    const outOfTime = () => this.#abort(new ClusterError('deadline', 'The deadline has passed'));
    this.#timer = setTimeout(outOfTime, Math.max(this.totalMs, 0));
    if (this.totalMs <= 0) outOfTime();
    call.once('cancelled', () =>
      this.#abort(new ClusterError('cancelled', 'The client cancelled the call')),
    );
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  remainingMs(): Millis {
    return Math.max(this.#endMs - Date.now(), 0);
  }

  after(delayMs: Millis, run: () => void): void {
    if (this.signal.aborted) return;
    const timer = setTimeout(run, delayMs);
    this.signal.addEventListener('abort', () => clearTimeout(timer), { once: true });
  }

  /** The answer is there: everything that still waits for this call stops. */
  end(): void {
    this.#abort(ANSWERED);
  }

  #abort(reason: ClusterError): void {
    clearTimeout(this.#timer);
    this.#controller.abort(reason);
  }
}

/** The result of `work`, or the signal's reason when that comes first. */
export function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = (): void => reject(reasonOf(signal));
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}

function reasonOf(signal: AbortSignal): Error {
  const reason: unknown = signal.reason;
  return reason instanceof Error ? reason : new ClusterError('cancelled', 'The call was cancelled');
}
