import { expect, test } from '@jest/globals';

import { PLANTED_BUGS, runWith } from './planted-bugs.js';

const TIMEOUT_MS = 300_000;

test.each(PLANTED_BUGS.map((bug) => [bug.name, bug] as const))(
  'finds out when %s',
  (_, { edits, seeds, raftOnly }) => {
    expect(runWith(edits, seeds, raftOnly).checkers).not.toEqual([]);
  },
  TIMEOUT_MS,
);

test(
  'finds nothing where nothing is planted',
  () => {
    expect(runWith([], 3, false).checkers).toEqual([]);
    expect(runWith([], 5, true).checkers).toEqual([]);
  },
  TIMEOUT_MS,
);
