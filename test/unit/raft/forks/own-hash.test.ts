import { expect, test } from '@jest/globals';
import { OwnAcknowledgements } from '../../../../src/raft/forks/own-hash.js';
import type { Hashes } from '../../../../src/raft/forks/own-hash.js';

/** A log of which entry `i` has a hash of only `i`s, or of `more[i]`s, and that begins in memory behind `start`. */
function logOf(last: number, more: Readonly<Record<number, number>> = {}, start = 0): Hashes {
  return {
    last,
    hashAt: (index) => (index <= start || index > last ? undefined : hash(more[index] ?? index)),
  };
}

function hash(byte: number): Uint8Array {
  return new Uint8Array(32).fill(byte);
}

const ACKED = { term: 4, index: 9, hash: hash(9) };

function ownHashAt(acked: typeof ACKED, log: Hashes, term: number, index: number) {
  const own = new OwnAcknowledgements();
  own.note(acked);
  return own.hashAt(log, term, index);
}

test('a node stands for each entry up to the last that it has acknowledged, in that term alone', () => {
  const log = logOf(12);
  expect(ownHashAt(ACKED, log, 4, 9)).toEqual(hash(9));
  expect(ownHashAt(ACKED, log, 4, 3)).toEqual(hash(3));
  // It has these entries, and has not said so.
  expect(ownHashAt(ACKED, log, 4, 10)).toBeUndefined();
  expect(ownHashAt(ACKED, log, 3, 3)).toBeUndefined();
  expect(ownHashAt(ACKED, log, 5, 9)).toBeUndefined();
});

test('a log that was replaced since, in a later term, is not stood for', () => {
  expect(ownHashAt(ACKED, logOf(12, { 8: 70, 9: 71 }), 4, 8)).toBeUndefined();
  expect(ownHashAt(ACKED, logOf(12, { 8: 70, 9: 71 }), 4, 9)).toBeUndefined();
  expect(ownHashAt(ACKED, logOf(8), 4, 3)).toBeUndefined();
});

test('of entries that are not in memory the last one acknowledged is known alone', () => {
  const log = logOf(12, {}, 10);
  expect(ownHashAt(ACKED, log, 4, 9)).toEqual(hash(9));
  expect(ownHashAt(ACKED, log, 4, 8)).toBeUndefined();
});

test('a node stands for its acknowledgements of earlier terms, too, of the last eight', () => {
  const own = new OwnAcknowledgements();
  expect(own.note({ term: 1, index: 5, hash: hash(5) })).toBe(0);
  expect(own.note({ term: 1, index: 7, hash: hash(7) })).toBe(5);
  expect(own.note({ term: 1, index: 7, hash: hash(7) })).toBe(7);
  expect(own.hashAt(logOf(30), 1, 7)).toEqual(hash(7));
  for (let term = 2; term <= 8; term++) own.note({ term, index: 8 + term, hash: hash(8 + term) });
  expect(own.hashAt(logOf(30), 1, 6)).toEqual(hash(6));
  expect(own.hashAt(logOf(30), 1, 8)).toBeUndefined();
  expect(own.hashAt(logOf(30), 8, 16)).toEqual(hash(16));
  own.note({ term: 9, index: 17, hash: hash(17) });
  expect(own.hashAt(logOf(30), 1, 6)).toBeUndefined();
});
