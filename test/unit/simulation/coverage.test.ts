import { expect, test } from '@jest/globals';

import { judgeCoverage, IMPOSSIBLE, RARE } from '../../simulation/coverage-rules.js';
import { cellOf, CELLS, nameOf, passing } from '../../simulation/coverage.js';
import { RaftMessage } from '../../../src/wire/index.js';

const demanded = CELLS.filter(
  (cell) => ![...IMPOSSIBLE, ...RARE].some((rule) => rule.covers(cell)),
);
const all = Object.fromEntries(demanded.map((cell) => [nameOf(cell), 1]));
const running = { leader: undefined, commit: 0, applied: 0 };

test('a message falls into the cell of its kind, its sender’s role, the terms and its receiver’s role', () => {
  const message = RaftMessage.fromPartial({
    term: 5n,
    message: { $case: 'voteReply', value: { preVote: false, granted: true } },
  });
  const under = passing(message, { ...running, term: 5, role: 'follower' });
  const cell = under && cellOf(under, { ...running, term: 7, role: 'leader' });
  expect(cell && nameOf(cell)).toBe('vote granted of a follower, lower term, at a leader');
});

test('coverage is complete without the rare and the impossible, and not without any other', () => {
  expect(judgeCoverage(all)).toMatchObject({ missing: [], refuted: [] });
  const [first = ''] = Object.keys(all);
  expect(judgeCoverage({ ...all, [first]: 0 }).missing).toEqual([first]);
});

test('what comes up although it cannot is told', () => {
  const name = 'append of a leader, equal term, at a leader';
  expect(judgeCoverage({ ...all, [name]: 1 }).refuted).toEqual([name]);
});

test('every reason covers something', () => {
  const idle = [...IMPOSSIBLE, ...RARE].filter((rule) => !CELLS.some((cell) => rule.covers(cell)));
  expect(idle.map(({ reason }) => reason)).toEqual([]);
});
