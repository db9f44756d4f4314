import { expect, test } from '@jest/globals';
import { assert, double, property } from 'fast-check';
import { QuorateError } from '../../../src/client/errors.js';
import { pauseMs, whenThereIsRoom } from '../../../src/client/room.js';
import { untilOf } from '../../../src/client/until.js';

const busy = (retryAfterMs?: number): QuorateError =>
  new QuorateError('overloaded', 'busy', {
    reason: 'BUSY',
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  });

test('a client that is told to come again does so while there is time, until there is room', async () => {
  let asked = 0;
  const ask = (): Promise<string> => {
    asked += 1;
    return asked < 4 ? Promise.reject(busy(1)) : Promise.resolve('an answer');
  };

  expect(await whenThereIsRoom(ask, untilOf())).toBe('an answer');
  expect(asked).toBe(4);
});

test('a client is given the refusal when there is no time to come again, or none is said', async () => {
  for (const error of [busy(60_000), busy()]) {
    const ask = (): Promise<string> => Promise.reject(error);
    await expect(whenThereIsRoom(ask, untilOf({ timeoutMs: 1_000 }))).rejects.toBe(error);
  }
});

test('clients that are refused together come again at different times, none too early and none too late', () => {
  const ms = double({ min: 0, max: 10_000, noNaN: true });
  assert(
    property(ms, ms, double({ min: 0, max: 1, noNaN: true }), (waitMs, moreMs, chance) => {
      const pause = pauseMs(waitMs, waitMs + moreMs, chance);
      expect(pause).toBeGreaterThanOrEqual(waitMs);
      expect(pause).toBeLessThanOrEqual(waitMs + moreMs);
    }),
  );
  expect(pauseMs(100, 1_000, 0)).not.toBe(pauseMs(100, 1_000, 1));
});
