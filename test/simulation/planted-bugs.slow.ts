import { afterAll, expect, test } from '@jest/globals';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { ProgramCopy } from '../support/patches/program-copy.js';
import { PLANTED_BUGS, replayWith, runWith, shrinkWith } from './planted-bugs.js';

const TIMEOUT_MS = 600_000;
const copy = new ProgramCopy();
afterAll(() => copy[Symbol.dispose]());

test.each(PLANTED_BUGS.map((bug) => [bug.name, bug] as const))(
  'the simulator finds out when %s',
  async (_, bug) => {
    const { checkers } = await runWith(copy, bug);
    expect(checkers).not.toEqual([]);
    expect(checkers).toEqual(expect.arrayContaining(bug.by === undefined ? [] : [bug.by]));
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

/** Mistakes that show early in their seeds, so that each run of them is short: one shows by itself, one needs a fault. */
const CUT_DOWN = [
  'an acknowledgement leaves before the sync',
  'a node counts entries that its own disk does not have',
];

test.each(CUT_DOWN)(
  'a seed is cut down to a script that fails by the same invariant, and not without the mistake: %s',
  async (name) => {
    const bug = PLANTED_BUGS.find((each) => each.name === name);
    if (bug === undefined || bug.where === 'crash points') throw new Error(`no bug ${name}`);
    copy.plant(bug.edits);
    const { text, left, happened, violation } = await shrinkWith(copy, bug.where, bug.first);
    expect(left).toBeLessThan(happened / 4);
    const file = join(copy.src, 'script.txt');
    writeFileSync(file, text);
    expect((await replayWith(copy, file))[0]).toBe(violation.checker);
    copy.plant([]);
    expect(await replayWith(copy, file)).toEqual([]);
  },
  TIMEOUT_MS,
);
