import type { Millis } from '../common/index.js';
import { QuorateError } from './errors.js';
import { TIMEOUT_MS_DEFAULT, TIMEOUT_MS_MAX } from './limits.js';

/** How long a call may take, and the signal that stops it. */
export type CallOptions = {
  /** More than 0; 30 s unless given, and 10 minutes at most. */
  readonly timeoutMs?: Millis | undefined;
  /**
   * Whether a node where nothing listens is asked again while there is time, as gRPC's option of this name says it: `false`
   * suits a health check. `true` unless given.
   */
  readonly waitForReady?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
};

/** The same, from one moment on: what several calls of one method share. The moment is of the clock that nobody sets. */
export type Until = {
  readonly totalMs: Millis;
  readonly endMs: Millis;
  readonly waitForReady: boolean;
  readonly signal: AbortSignal | undefined;
};

/** @throws QuorateError `invalid-request` INVALID_TIMEOUT for what is no length of time. */
export function untilOf({
  timeoutMs = TIMEOUT_MS_DEFAULT,
  waitForReady = true,
  signal,
}: CallOptions = {}): Until {
  // Callers without a compiler hand in anything.
  if (typeof timeoutMs !== 'number' || !(timeoutMs > 0)) {
    const words = `timeoutMs is a number of milliseconds above 0, not ${String(timeoutMs)}`;
    throw new QuorateError('invalid-request', words, {
      reason: 'INVALID_TIMEOUT',
      field: 'timeoutMs',
    });
  }
  // Timers take whole milliseconds below 2^31.
  const totalMs = Math.min(Math.ceil(timeoutMs), TIMEOUT_MS_MAX);
  return { totalMs, endMs: performance.now() + totalMs, waitForReady, signal };
}

export function remainingMs({ endMs }: Until): Millis {
  return Math.max(Math.ceil(endMs - performance.now()), 0);
}

/** The error of a call that its caller has stopped. */
export function stopped(signal: AbortSignal | undefined): QuorateError {
  return new QuorateError('cancelled', 'The call was stopped', { cause: signal?.reason });
}
