import { expect, test } from '@jest/globals';
import { ShareTimes } from '../../../../../src/tasks/kinds/sign/share-times.js';

function timesOf(...tookMs: readonly number[]): ShareTimes {
  const times = new ShareTimes();
  for (const each of tookMs) times.came(each);
  return times;
}

const many = (tookMs: number, count = 128): number[] => Array<number>(count).fill(tookMs);

test('an attempt has 250 ms while few shares have come', () => {
  expect(timesOf().delayMs()).toBe(250);
  expect(timesOf(...many(10, 19)).delayMs()).toBe(250);
});

test('an attempt has three times what 95% of the shares took, once enough have come', () => {
  expect(timesOf(...many(10, 20)).delayMs()).toBe(30);
  expect(timesOf(...many(10, 95), ...many(900, 5)).delayMs()).toBe(30);
  expect(timesOf(...many(10, 94), ...many(90, 6)).delayMs()).toBe(270);
});

test('an attempt has 20 ms at least and a second at most', () => {
  expect(timesOf(...many(1)).delayMs()).toBe(20);
  expect(timesOf(...many(5000)).delayMs()).toBe(1000);
});

test('only the latest share times count', () => {
  expect(timesOf(...many(300), ...many(10)).delayMs()).toBe(30);
});
