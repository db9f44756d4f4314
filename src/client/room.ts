import { setTimeout as pause } from 'node:timers/promises';
import type { Millis } from '../common/index.js';
import { QuorateError } from './errors.js';
import { remainingMs, stopped } from './until.js';
import type { Until } from './until.js';

/** A client comes again this part of the given time later at most, so that those refused together do not come together. */
const LATER_PART = 0.5;

/**
 * Asks again when a node says that it has too much to do now, at the time that it gives: nothing was done, and its word
 * is not about the request. Without a time, or when the call would be over by then, the refusal is the answer.
 */
export async function whenThereIsRoom<T>(ask: () => Promise<T>, until: Until): Promise<T> {
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      const overloaded = error instanceof QuorateError && error.code === 'overloaded';
      const waitMs = overloaded ? error.details.retryAfterMs : undefined;
      const leftMs = remainingMs(until);
      if (waitMs === undefined || waitMs >= leftMs) throw error;
      await pause(pauseMs(waitMs, leftMs, Math.random()), undefined, {
        signal: until.signal,
      }).catch(() => {
        throw stopped(until.signal);
      });
    }
  }
}

/**
 * The pause of a client that is told to come again after `waitMs`: somewhat longer, but within the time that is left.
 *
 * @param chance - From 0 to 1.
 */
export function pauseMs(waitMs: Millis, leftMs: Millis, chance: number): Millis {
  return waitMs + Math.min(waitMs * LATER_PART, Math.max(leftMs - waitMs, 0)) * chance;
}
