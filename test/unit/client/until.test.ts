import { describe, expect, test } from '@jest/globals';
import { TIMEOUT_MS_DEFAULT, TIMEOUT_MS_MAX } from '../../../src/client/limits.js';
import { remainingMs, untilOf } from '../../../src/client/until.js';

const DAY_MS = 86_400_000;

describe('the time of a call', () => {
  test.each([
    [Number.MAX_SAFE_INTEGER, TIMEOUT_MS_MAX],
    [Infinity, TIMEOUT_MS_MAX],
    [25 * DAY_MS, TIMEOUT_MS_MAX],
    [50 * DAY_MS, TIMEOUT_MS_MAX],
    [36_500 * DAY_MS, TIMEOUT_MS_MAX],
    [6666.67, 6667],
    [0.1, 1],
    [undefined, TIMEOUT_MS_DEFAULT],
  ])('%s ms are whole milliseconds, and at most the longest time', (timeoutMs, totalMs) => {
    const until = untilOf({ timeoutMs });
    expect(until.totalMs).toBe(totalMs);
    const left = remainingMs(until);
    expect(Number.isInteger(left) && left <= totalMs).toBe(true);
  });

  test.each([NaN, 0, -1, -Infinity, '30s', null])('%s is refused by name', (timeoutMs) => {
    expect(() => untilOf({ timeoutMs: timeoutMs as number })).toThrow(
      expect.objectContaining({
        code: 'invalid-request',
        reason: 'INVALID_TIMEOUT',
        message: `timeoutMs is a number of milliseconds above 0, not ${String(timeoutMs)}`,
      }),
    );
  });
});
