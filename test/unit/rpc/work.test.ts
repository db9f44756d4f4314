import { expect, test } from '@jest/globals';
import { ClusterError } from '../../../src/common/index.js';
import { RETRY_MS_MIN, WORK_PRICE_MAX, WORK_STEP_MS_MAX } from '../../../src/rpc/limits.js';
import { Work } from '../../../src/rpc/work.js';

const RATE = { perSecond: 500, burst: 500 };

/** A clock that is moved by hand. */
class HandClock {
  elapsed = 0;
  processor = 0;
  elapsedMs = (): number => this.elapsed;
  processorMs = (): number => this.processor;

  /** Time passes, in which the process works. */
  work(ms: number): void {
    this.elapsed += ms;
    this.processor += ms;
  }
}

function open() {
  const clock = new HandClock();
  const work = new Work(RATE, clock);
  /** One second in which each caller calls as often as it may, with what its calls cost, and the loop is so late. */
  const second = (lateMs: number, callers: Readonly<Record<string, readonly [number, number]>>) => {
    const served: Record<string, number> = {};
    for (let look = 0; look < 10; look++) {
      for (const [name, [calls, costMs]] of Object.entries(callers))
        for (let call = 0; call < calls / 10; call++) {
          if (refusalOf(() => work.require(name)) !== undefined) continue;
          work.charge(name, costMs);
          served[name] = (served[name] ?? 0) + 1;
        }
      clock.elapsed += 100;
      work.looked(lateMs);
    }
    return served;
  };
  return { clock, work, second };
}

function refusalOf(run: () => void): ClusterError | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    if (error instanceof ClusterError) return error;
    throw error;
  }
}

test('a caller whose calls cost its share waits, is told how long, and then is served', () => {
  const { clock, work } = open();
  for (let step = 0; step < 30; step++) work.measure('a', () => clock.work(20));

  const refusal = refusalOf(() => work.require('a'));

  // 600 ms were used, 300 of which came in meanwhile.
  expect(refusal).toBeUndefined();
  for (let step = 0; step < 12; step++) work.charge('a', 25);
  const late = refusalOf(() => work.require('a'));
  expect(late).toMatchObject({ code: 'overloaded', reason: 'CALLS_TOO_COSTLY' });
  expect(late?.details.retryAfterMs).toBe(RETRY_MS_MIN);
  expect(refusalOf(() => work.require('b'))).toBeUndefined();
  clock.elapsed += 250;
  expect(refusalOf(() => work.require('a'))).toBeUndefined();
});

test('a step is charged with the time that the process had, and never with more than a step may take', () => {
  const { clock, work } = open();
  for (let step = 0; step < 100; step++)
    work.measure('descheduled', () => {
      clock.elapsed += 50;
      clock.processor += 1;
    });
  expect(refusalOf(() => work.require('descheduled'))).toBeUndefined();

  for (let step = 0; step < 500 / WORK_STEP_MS_MAX; step++)
    work.measure('stopped', () => (clock.processor += 10_000));
  expect(refusalOf(() => work.require('stopped'))).toBeUndefined();
});

test('a step that throws is charged, too', () => {
  const { clock, work } = open();
  const step = (): void =>
    work.measure('a', () => {
      clock.work(20);
      throw new ClusterError('unauthenticated', 'no');
    });
  for (let at = 0; at < 60; at++) refusalOf(step);
  expect(refusalOf(() => work.require('a'))?.reason).toBe('CALLS_TOO_COSTLY');
});

test('a flood of costly calls gets its share of a second and no more, and another caller all that it asks', () => {
  const { second } = open();
  const callers = { mallory: [2_000, 3], alice: [30, 3] } as const;
  second(0, callers);
  const { mallory = 0, alice } = second(0, callers);
  expect(mallory * 3).toBeLessThanOrEqual(RATE.perSecond + 3 * 10);
  expect(alice).toBe(30);
});

test('while the loop is late, the callers that cost the most wait first', () => {
  const { second } = open();
  const callers = { mallory: [2_000, 3], eve: [1_000, 3], alice: [30, 3] } as const;
  for (let at = 0; at < 3; at++) second(200, callers);
  const { mallory = 0, eve = 0, alice } = second(200, callers);
  const most = (RATE.perSecond / WORK_PRICE_MAX) * 2 + 3 * 10;
  expect(mallory * 3).toBeLessThanOrEqual(most);
  expect(eve * 3).toBeLessThanOrEqual(most);
  expect(alice).toBe(30);
});

test('a loop that is on time again has no price', () => {
  const { second } = open();
  const callers = { mallory: [2_000, 3], alice: [30, 3] } as const;
  for (let at = 0; at < 3; at++) second(200, callers);
  second(0, callers);
  const { mallory = 0 } = second(0, callers);
  expect(mallory * 3).toBeGreaterThan(RATE.perSecond * 0.9);
});

test('a caller that is alone but for a probe keeps its share while the loop is late', () => {
  const { second } = open();
  const callers = { app: [2_000, 3], probe: [10, 0.25] } as const;
  for (let at = 0; at < 3; at++) second(200, callers);
  const { app = 0 } = second(200, callers);
  expect(app * 3).toBeGreaterThan(RATE.perSecond * 0.9);
});

test('a wait is never longer than two seconds, whatever was charged', () => {
  const { work } = open();
  for (let at = 0; at < 1_000; at++) work.charge('a', 25);
  expect(refusalOf(() => work.require('a'))?.details.retryAfterMs).toBeLessThanOrEqual(2_000);
});
