import { describe, expect, test } from '@jest/globals';
import { assert, double, property } from 'fast-check';
import { InFlightLimit } from '../../../../../src/tasks/requests/admission/in-flight-limit.js';
import {
  HELD_UP_TIMES_MAX,
  IN_FLIGHT_MAX,
  IN_FLIGHT_MIN,
  IN_FLIGHT_START,
  SLOWER_TIMES_MAX,
} from '../../../../../src/tasks/requests/admission/limits.js';

const ALONE = { wasFull: false, isHeldUp: false };
const FULL = { wasFull: true, isHeldUp: false };

/** The time of a request beside others, in a cluster that works on so many at a time. */
const serviceMs = (inFlight: number, baseMs: number, capacity: number): number =>
  baseMs * Math.max(1, inFlight / capacity);

const quiet = (inFlight: number): number => serviceMs(inFlight, 10, 2);

/** One client first, then so many rounds in which as many are under way as the limit says. */
function loaded(
  limit: InFlightLimit,
  rounds: number,
  time: (inFlight: number) => number,
  name = 'a',
): void {
  for (let each = 0; each < 40; each++) limit.answered(name, time(1), ALONE);
  saturated(limit, rounds, time, name);
}

function saturated(
  limit: InFlightLimit,
  rounds: number,
  time: (inFlight: number) => number,
  name = 'a',
): void {
  for (let round = 0; round < rounds; round++) {
    const inFlight = limit.count;
    for (let each = 0; each < inFlight; each++) limit.answered(name, time(inFlight), FULL);
  }
}

describe('the limit of requests under way', () => {
  test('the limit comes to where requests take sixteen times as long as alone, whatever the machine and the network', () => {
    assert(
      property(
        double({ min: 0.5, max: 2_000, noNaN: true }),
        double({ min: 1, max: 8, noNaN: true }),
        (baseMs, capacity) => {
          const limit = new InFlightLimit();
          loaded(limit, 300, (inFlight) => serviceMs(inFlight, baseMs, capacity));

          const best = Math.min(
            Math.max(SLOWER_TIMES_MAX * capacity, IN_FLIGHT_MIN),
            IN_FLIGHT_MAX,
          );
          expect(limit.count).toBeGreaterThanOrEqual(Math.floor(best * 0.8));
          expect(limit.count).toBeLessThanOrEqual(Math.ceil(best * 1.2));
        },
      ),
    );
  });

  test('the limit falls to where a modest caller takes four times as long as alone, and rises when it is gone', () => {
    const limit = new InFlightLimit();
    loaded(limit, 100, quiet);
    const without = limit.count;
    for (let round = 0; round < 100; round++) {
      const inFlight = limit.count;
      for (let each = 0; each < inFlight; each++)
        limit.answered('a', quiet(inFlight), { wasFull: true, isHeldUp: each % 8 === 0 });
    }
    expect(limit.count).toBeLessThanOrEqual(1.2 * HELD_UP_TIMES_MAX * 2);
    expect(limit.count).toBeGreaterThanOrEqual(0.8 * HELD_UP_TIMES_MAX * 2);

    saturated(limit, 100, quiet);
    expect(limit.count).toBeGreaterThanOrEqual(without * 0.8);
  });

  test('the limit does not rise where nobody waits', () => {
    const limit = new InFlightLimit();
    for (let each = 0; each < 10_000; each++) limit.answered('a', 10, ALONE);

    expect(limit.count).toBe(IN_FLIGHT_START);
  });

  test('the limit falls when the machine gets other things to do, and rises again afterwards', () => {
    const limit = new InFlightLimit();
    loaded(limit, 100, quiet);
    const before = limit.count;
    saturated(limit, 20, (inFlight) => 10 * quiet(inFlight));
    expect(limit.count).toBeLessThanOrEqual(IN_FLIGHT_MIN + 1);

    saturated(limit, 200, quiet);

    expect(limit.count).toBeGreaterThanOrEqual(before * 0.9);
  });

  test('the limit does not stay at its lowest for ever where the network has become longer for good', () => {
    const limit = new InFlightLimit();
    loaded(limit, 100, (inFlight) => serviceMs(inFlight, 10, 2));
    saturated(limit, 400, (inFlight) => serviceMs(inFlight, 300, 32));

    expect(limit.count).toBeGreaterThan(IN_FLIGHT_START);
  });

  test('requests of two algorithms beside each other are each measured by their own', () => {
    const limit = new InFlightLimit();
    for (let each = 0; each < 40; each++) {
      limit.answered('quick', 5, ALONE);
      limit.answered('slow', 500, ALONE);
    }
    for (let each = 0; each < 1_000; each++) {
      limit.answered('quick', 6, FULL);
      limit.answered('slow', 600, FULL);
    }

    expect(limit.count).toBe(IN_FLIGHT_MAX);
  });

  test('one request that took for ever moves the usual time by no more than one that took its place’s', () => {
    const limit = new InFlightLimit();
    for (let each = 0; each < 40; each++) limit.answered('a', 200, ALONE);
    limit.answered('a', 3_600_000, FULL);

    expect(limit.serviceMs).toBeLessThan(400);
  });
});
