import { expect, test } from '@jest/globals';
import { isWorthTelling, Windows } from '../../../src/monitor/index.js';
import type { Telling } from '../../../src/monitor/index.js';

const PEERS = ['a', 'b'];

/** Windows in which the peers answered so. */
function windowsOf(...rounds: readonly (readonly number[])[]): Windows {
  const windows = new Windows();
  for (const times of rounds) {
    for (const peer of PEERS) for (const ms of times) windows.took(peer, ms);
    windows.close(PEERS);
  }
  return windows;
}

test('a window is the median of its times, and three windows make a link', () => {
  expect(windowsOf([1, 2, 3], [4, 5, 6]).links().size).toBe(0);
  const links = windowsOf([1, 2, 3], [4, 5, 900], [7, 7, 7, 8], [9, 9, 9]).links();
  expect(links.get('a')).toEqual([5, 7, 9]);
});

test('a window with too few times breaks the row', () => {
  expect(windowsOf([1, 2, 3], [4, 5, 6], [7, 8], [1, 2, 3], [1, 2, 3]).links().size).toBe(0);
});

test('no answer is ten seconds, and so is a longer time', () => {
  const links = windowsOf([1e9, 1e9, 1e9], [-5, -5, -5], [1, 1, 1]).links();
  expect(links.get('b')).toEqual([10_000, 0, 1]);
});

test('a peer that votes no more is forgotten', () => {
  const windows = windowsOf([1, 1, 1], [1, 1, 1], [1, 1, 1]);
  windows.close([]);
  expect(windows.links().size).toBe(0);
});

const links = new Map([['a', [1, 1, 1]]]);
const told: Telling = {
  links,
  told: links,
  ageMs: 10_000,
  isPending: false,
  isBehindOthers: false,
};

test('an observation that has not changed is told again after five minutes, or with those of others', () => {
  expect(isWorthTelling(told)).toBe(false);
  expect(isWorthTelling({ ...told, ageMs: 299_999 })).toBe(false);
  expect(isWorthTelling({ ...told, ageMs: 300_000 })).toBe(true);
  expect(isWorthTelling({ ...told, ageMs: 150_000, isBehindOthers: true })).toBe(true);
  expect(isWorthTelling({ ...told, ageMs: 149_999, isBehindOthers: true })).toBe(false);
});

test('a change of five points is told at once, and nothing where nothing is known', () => {
  expect(isWorthTelling({ ...told, links: new Map([['a', [1, 1, 3]]]) })).toBe(false);
  expect(isWorthTelling({ ...told, links: new Map([['a', [1, 1, 5]]]) })).toBe(true);
  expect(isWorthTelling({ ...told, links: new Map([['b', [1, 1, 1]]]) })).toBe(true);
  expect(isWorthTelling({ ...told, told: undefined })).toBe(true);
  expect(isWorthTelling({ ...told, told: undefined, links: new Map() })).toBe(false);
});

test('while another voter is better than the leader it is told more often', () => {
  expect(isWorthTelling({ ...told, isPending: true })).toBe(false);
  expect(isWorthTelling({ ...told, isPending: true, ageMs: 20_000 })).toBe(true);
});
