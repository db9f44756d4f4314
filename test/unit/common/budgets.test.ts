import { expect, test } from '@jest/globals';
import { array, assert, double, integer, property, record } from 'fast-check';
import { Budgets } from '../../../src/common/index.js';

const RATE = { perSecond: 10, burst: 3 };

test('a budget gives its burst at once, then its rate, and says how long to wait', () => {
  const budgets = new Budgets(RATE, 4);
  expect([0, 0, 0].map((nowMs) => budgets.take('a', 1, nowMs))).toEqual([true, true, true]);

  expect(budgets.take('a', 1, 0)).toBe(false);
  expect(budgets.waitMs('a', 1, 0)).toBe(100);
  expect(budgets.take('a', 1, 99)).toBe(false);
  expect(budgets.take('a', 1, 100)).toBe(true);
});

test('a refused cost takes nothing', () => {
  const budgets = new Budgets(RATE, 4);
  budgets.take('a', 2, 0);
  for (let again = 0; again < 10; again++) expect(budgets.take('a', 2, 0)).toBe(false);
  expect(budgets.take('a', 1, 0)).toBe(true);
});

test('one name’s budget is not another’s', () => {
  const budgets = new Budgets(RATE, 4);
  budgets.take('a', 3, 0);
  expect(budgets.take('b', 3, 0)).toBe(true);
});

test('a long pause earns no more than the burst, and a clock that goes back earns nothing', () => {
  const budgets = new Budgets(RATE, 4);
  budgets.take('a', 3, 1_000);
  expect(budgets.take('a', 1, 0)).toBe(false);
  expect(budgets.take('a', 1, 1_000)).toBe(false);
  expect(budgets.take('a', 3, 3_600_000)).toBe(true);
  expect(budgets.take('a', 1, 3_600_000)).toBe(false);
});

test('a cost above the burst is never taken', () => {
  const budgets = new Budgets(RATE, 4);
  expect(budgets.take('a', 4, 0)).toBe(false);
  expect(budgets.waitMs('a', 4, 0)).toBe(Infinity);
  expect(budgets.nameCount).toBe(0);
});

test('a charge may leave a debt, which is waited for', () => {
  const budgets = new Budgets(RATE, 4);
  budgets.charge('a', 5, 0);
  expect(budgets.take('a', 1, 0)).toBe(false);
  expect(budgets.waitMs('a', 1, 0)).toBe(300);
  expect(budgets.take('a', 1, 300)).toBe(true);
});

test('names are bounded: those that have refilled are forgotten', () => {
  const budgets = new Budgets(RATE, 4);
  for (let name = 0; name < 10_000; name++) {
    expect(budgets.take(`name-${name}`, 3, name * 1_000)).toBe(true);
    expect(budgets.nameCount).toBeLessThanOrEqual(4);
  }
});

test('names without a place share one budget, and those with one keep theirs', () => {
  const budgets = new Budgets(RATE, 4);
  for (const name of ['a', 'b', 'c', 'd']) budgets.take(name, 2, 0);

  const taken = Array.from({ length: 100 }, (_, at) => budgets.take(`new-${at}`, 1, 0));

  expect(taken.filter(Boolean)).toHaveLength(3);
  expect(budgets.waitMs('new-100', 1, 0)).toBe(100);
  expect(budgets.take('a', 1, 0)).toBe(true);
  expect(budgets.nameCount).toBe(4);
});

test('names deep in debt do not keep others from being forgotten', () => {
  const budgets = new Budgets(RATE, 4);
  budgets.charge('debtor', 1_000, 0);
  for (const name of ['a', 'b', 'c']) budgets.take(name, 1, 0);
  expect(budgets.take('new', 3, 300)).toBe(true);
  expect(budgets.take('debtor', 1, 300)).toBe(false);
  expect(budgets.waitMs('debtor', 1, 300)).toBe(100);
});

test('no name gets more than burst and rate, and a wait that is over is enough', () => {
  const seed = Number(process.env['SEED'] ?? Date.now() % 1e9);
  const steps = array(
    record({
      pauseMs: integer({ min: 0, max: 500 }),
      cost: double({ min: 0, max: 7, noNaN: true }),
    }),
    { maxLength: 100 },
  );
  const rates = record({
    perSecond: double({ min: 0.1, max: 1e6, noNaN: true }),
    burst: integer({ min: 7, max: 1_000 }),
  });
  assert(
    property(rates, steps, (rate, wanted) => {
      const budgets = new Budgets(rate, 1);
      let nowMs = 1_800_000_000_000;
      const beganMs = nowMs;
      let taken = 0;
      for (const { pauseMs, cost } of wanted) {
        nowMs += pauseMs;
        nowMs += budgets.waitMs('a', cost, nowMs);
        expect(budgets.take('a', cost, nowMs)).toBe(true);
        taken += cost;
      }
      const allowed = rate.burst + ((nowMs - beganMs) / 1000) * rate.perSecond;
      expect(taken).toBeLessThanOrEqual(allowed + 0.001);
    }),
    { seed },
  );
});
