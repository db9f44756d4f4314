import { expect, test } from '@jest/globals';
import { LatestTimes } from '../../../../src/tasks/leader/latest-times.js';

function timesOf(...tookMs: readonly number[]): LatestTimes {
  const times = new LatestTimes({ unknownMs: 250, minMs: 20, maxMs: 1000 });
  for (const each of tookMs) times.came(each);
  return times;
}

const many = (tookMs: number, count = 128): number[] => Array<number>(count).fill(tookMs);

test('the wait is the one for what is unknown while few have come', () => {
  expect(timesOf().waitMs()).toBe(250);
  expect(timesOf(...many(10, 19)).waitMs()).toBe(250);
});

test('the wait is three times what 95% of the latest took, once enough have come', () => {
  expect(timesOf(...many(10, 20)).waitMs()).toBe(30);
  expect(timesOf(...many(10, 95), ...many(900, 5)).waitMs()).toBe(30);
  expect(timesOf(...many(10, 94), ...many(90, 6)).waitMs()).toBe(270);
});

test('the wait has a least and a most', () => {
  expect(timesOf(...many(1)).waitMs()).toBe(20);
  expect(timesOf(...many(5000)).waitMs()).toBe(1000);
});

test('only the latest times count', () => {
  expect(timesOf(...many(300), ...many(10)).waitMs()).toBe(30);
});
