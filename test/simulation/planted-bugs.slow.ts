import { afterAll, expect, test } from '@jest/globals';

import { ProgramCopy } from '../support/patches/program-copy.js';
import { PLANTED_BUGS, runWith } from './planted-bugs.js';

const TIMEOUT_MS = 600_000;
const copy = new ProgramCopy();
afterAll(() => copy[Symbol.dispose]());

test.each(PLANTED_BUGS.map((bug) => [bug.name, bug] as const))(
  'the simulator finds out when %s',
  async (_, bug) => {
    expect((await runWith(copy, bug)).checkers).not.toEqual([]);
  },
  TIMEOUT_MS,
);

test.each([
  ['consensus', 1, 3],
  ['figure eight', 1, 3],
  ['small memory', 1, 3],
  ['snapshots', 1, 3],
  ['signed words', 1, 5],
  ['old disks', 1, 1],
  ['faults', 1, 1],
  ['byzantine', 1, 1],
  ['false statements', 1, 2],
  ['gg20', 1, 1],
  ['gg20 byzantine', 1, 1],
  ['false answers', 1, 2],
  ['presign', 1, 1],
  ['presign false answers', 1, 1],
  ['gg20 lives', 1, 1],
  ['crash points', 1000, 3],
] as const)(
  'the simulator reports no violation without a planted bug: %s',
  async (where, first, seeds) => {
    expect((await runWith(copy, { edits: [], where, first, seeds })).checkers).toEqual([]);
  },
  TIMEOUT_MS,
);
