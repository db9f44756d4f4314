import { setTimeout as pause } from 'node:timers/promises';
import { QuorateError } from './errors.js';
import { remainingMs, stopped } from './until.js';
import type { Until } from './until.js';

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
      if (waitMs === undefined || waitMs >= remainingMs(until)) throw error;
      await pause(waitMs, undefined, { signal: until.signal }).catch(() => {
        throw stopped(until.signal);
      });
    }
  }
}
