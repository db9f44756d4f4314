import { expect, test } from '@jest/globals';
import { TERM_CHANGES_MAX, Terms } from '../../../src/raft/terms.js';

/** Terms of the entries 1 to 10. */
const TERMS = [1, 1, 3, 3, 3, 4, 7, 7, 9, 9];

function termsOf(terms: readonly number[]): Terms {
  const runs = new Terms(0, 0);
  for (const [at, term] of terms.entries()) runs.append(at + 1, term);
  return runs;
}

test('the terms of a log are told for every index', () => {
  const terms = termsOf(TERMS);

  expect(TERMS.map((_, at) => terms.at(at + 1))).toEqual(TERMS);
  expect([terms.at(0), terms.at(-1), terms.first]).toEqual([0, undefined, 0]);
});

test('the last entry of at most a term is that of a search one by one', () => {
  const terms = termsOf(TERMS);

  for (let index = 0; index <= TERMS.length; index++) {
    for (let term = 0; term <= 10; term++) {
      const expected = TERMS.slice(0, index).filter((each) => each <= term).length;
      expect(terms.lastAtMost(index, term)).toBe(expected);
    }
  }
});

test('terms are truncated together with the log, and grow again', () => {
  for (let from = 1; from <= TERMS.length; from++) {
    const terms = termsOf(TERMS);
    terms.truncate(from);
    terms.append(from, 12);

    const kept = TERMS.slice(0, from - 1);
    expect(kept.map((_, at) => terms.at(at + 1))).toEqual(kept);
    expect(terms.at(from)).toBe(12);
  }
});

test('a fall of the term is a mistake of ours', () => {
  expect(() => termsOf([2, 1])).toThrow('never fall');
});

test('the oldest changes of the term are forgotten, and a search goes on one by one there', () => {
  const count = TERM_CHANGES_MAX + 9;
  const terms = termsOf(Array.from({ length: count }, (_, at) => at + 1));

  expect(terms.first).toBe(count - TERM_CHANGES_MAX + 1);
  expect(terms.at(terms.first)).toBe(terms.first);
  expect(terms.at(terms.first - 1)).toBeUndefined();
  expect(terms.lastAtMost(count, terms.first)).toBe(terms.first);
  expect(terms.lastAtMost(count, terms.first - 1)).toBe(count);
});

test('the terms before an index are forgotten, and that of the index is kept', () => {
  for (let index = 0; index <= TERMS.length; index++) {
    const terms = termsOf(TERMS);
    terms.forgetBefore(index);

    expect([terms.first, terms.at(index), terms.at(index - 1)]).toEqual([
      index,
      index === 0 ? 0 : TERMS[index - 1],
      undefined,
    ]);
    expect(terms.at(TERMS.length)).toBe(9);
  }
});
