import { expect, test } from '@jest/globals';
import { nodeId } from '../../../../src/common/index.js';
import { EarlyMessages } from '../../../../src/tasks/voter/early-messages.js';

const [ONE, TWO] = [nodeId('node-1'), nodeId('node-2')];
const KIB = 1024;

function messages(of: EarlyMessages<string>, session: string): readonly string[] {
  return of.take(session).map(({ message }) => message);
}

test('early messages are handed out once, in order of arrival, with their sender', () => {
  const early = new EarlyMessages<string>();
  early.keep(ONE, 's', 'first', 10, 0);
  early.keep(TWO, 'other', 'elsewhere', 10, 0);
  early.keep(TWO, 's', 'second', 10, 0);
  expect(early.take('s').map(({ from, message }) => [from, message])).toEqual([
    [ONE, 'first'],
    [TWO, 'second'],
  ]);
  expect(early.take('s')).toEqual([]);
  expect(messages(early, 'other')).toEqual(['elsewhere']);
});

test('a peer has 64 early messages; its oldest make room, and no other peer’s', () => {
  const early = new EarlyMessages<string>();
  early.keep(TWO, 's', 'of another', 10, 0);
  for (let at = 0; at < 70; at++) early.keep(ONE, 's', String(at), 10, 0);
  const kept = messages(early, 's');
  expect(kept).toHaveLength(65);
  expect(kept.slice(0, 2)).toEqual(['of another', '6']);
  expect(kept.at(-1)).toBe('69');
});

test('a peer has 256 KiB of early messages, and none is larger', () => {
  const early = new EarlyMessages<string>();
  early.keep(ONE, 's', 'a', 200 * KIB, 0);
  early.keep(ONE, 's', 'too large', 257 * KIB, 0);
  early.keep(TWO, 's', 'b', 200 * KIB, 0);
  expect(messages(early, 's')).toEqual(['a', 'b']);
  early.keep(ONE, 's', 'a', 200 * KIB, 0);
  early.keep(ONE, 's', 'c', 100 * KIB, 0);
  early.keep(ONE, 's', 'd', 100 * KIB, 0);
  expect(messages(early, 's')).toEqual(['c', 'd']);
});

test('a flood of one peer leaves the order and the messages of all others as they were', () => {
  const early = new EarlyMessages<string>();
  early.keep(TWO, 's', 'first', 10, 0);
  early.keep(ONE, 's', 'second', 10, 0);
  for (let at = 0; at < 10_000; at++) early.keep(ONE, `invented-${at}`, 'x', 200 * KIB, 0);
  early.keep(TWO, 's', 'third', 10, 0);
  expect(messages(early, 's')).toEqual(['first', 'third']);
  expect(messages(early, 'invented-9999')).toEqual(['x']);
});

test('early messages 10 s old are dropped when a new one comes', () => {
  const early = new EarlyMessages<string>();
  early.keep(ONE, 's', 'old', 10, 0);
  early.keep(ONE, 's', 'newer', 10, 1);
  early.keep(ONE, 's', 'new', 10, 10_000);
  expect(messages(early, 's')).toEqual(['newer', 'new']);
});
