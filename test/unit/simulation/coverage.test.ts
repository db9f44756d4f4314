import { expect, test } from '@jest/globals';

import { judgeCoverage, IMPOSSIBLE, RARE } from '../../simulation/coverage-rules.js';
import { cellOf, CELLS, nameOf, passing } from '../../simulation/coverage.js';
import { RaftMessage } from '../../../src/wire/index.js';

const demanded = CELLS.filter(
  (cell) => ![...IMPOSSIBLE, ...RARE].some((rule) => rule.covers(cell)),
);
const all = Object.fromEntries(demanded.map((cell) => [nameOf(cell), 1]));
const running = { leader: undefined, commit: 0, applied: 0 };

test('coverage counts a message by kind, sender’s role, terms and receiver’s role', () => {
  const message = RaftMessage.fromPartial({
    term: 5n,
    message: { $case: 'voteReply', value: { preVote: false, granted: true } },
  });
  const under = passing(message, { ...running, term: 5, role: 'follower' });
  const cell = under && cellOf(under, { ...running, term: 7, role: 'leader' });
  expect(cell && nameOf(cell)).toBe('vote granted of a follower, lower term, at a leader');
});

test('coverage is complete without the rare and the impossible cells, and not without any other', () => {
  expect(judgeCoverage(all)).toMatchObject({ missing: [], refuted: [] });
  const [first = ''] = Object.keys(all);
  expect(judgeCoverage({ ...all, [first]: 0 }).missing).toEqual([first]);
});

test('coverage reports an impossible cell that occurs', () => {
  const name = 'append of a leader, equal term, at a leader';
  expect(judgeCoverage({ ...all, [name]: 1 }).refuted).toEqual([name]);
});

test('every reason for an uncovered cell applies to some cell', () => {
  const idle = [...IMPOSSIBLE, ...RARE].filter((rule) => !CELLS.some((cell) => rule.covers(cell)));
  expect(idle.map(({ reason }) => reason)).toEqual([]);
});
