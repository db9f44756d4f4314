import { expect, test } from '@jest/globals';

import { PLANTED_BUGS, runWith } from './planted-bugs.js';

const TIMEOUT_MS = 300_000;

test.each(PLANTED_BUGS.map((bug) => [bug.name, bug] as const))(
  'finds out when %s',
  (_, { edits, seeds, raftOnly }) => {
    const { caught, told } = runWith(edits, seeds, raftOnly);
    expect({ caught, told }).toMatchObject({ caught: true });
  },
  TIMEOUT_MS,
);

test(
  'finds nothing where nothing is planted',
  () => {
    expect(runWith([], 3, false)).toMatchObject({ caught: false });
    expect(runWith([], 5, true)).toMatchObject({ caught: false });
  },
  TIMEOUT_MS,
);
