import { expect, test } from '@jest/globals';
import { nodeId } from '../../../../../src/common/index.js';
import { ShareTimes } from '../../../../../src/tasks/kinds/sign/share-times.js';

const [ONE, TWO] = [nodeId('node-1'), nodeId('node-2')];

function timesOf(...tookMs: readonly number[]): ShareTimes {
  const times = new ShareTimes();
  for (const each of tookMs) times.came(ONE, each, 0);
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

test('a share is queued at a node whose others come, until none has come for 250 ms', () => {
  const times = timesOf(...many(10));
  times.came(ONE, 10, 1000);
  // The attempt is as old as the one whose share came.
  const queued = (node: typeof ONE, now: number): boolean => times.isQueued(node, now - 990, now);
  expect([queued(ONE, 1249), queued(ONE, 1250), queued(TWO, 1000)]).toEqual([true, false, false]);
});

test('a share is not queued at a node that has sent one for a much younger attempt', () => {
  const times = timesOf(...many(100));
  times.came(ONE, 100, 1000);
  const opened = [599, 600, 601, 900].map((openedMs) => times.isQueued(ONE, 1000 - openedMs, 1000));
  expect(opened).toEqual([false, false, true, true]);
  // An older share that comes later does not change that.
  times.came(ONE, 900, 1000);
  expect(times.isQueued(ONE, 400, 1000)).toBe(false);
});

test('nodes whose shares came long ago are forgotten for others', () => {
  const times = timesOf(...many(100));
  for (let at = 0; at < 64; at++) times.came(nodeId(`other-${at}`), 100, 1000);
  expect([times.isQueued(ONE, 0, 1000), times.isQueued(nodeId('other-0'), 0, 1000)]).toEqual([
    false,
    true,
  ]);
});
