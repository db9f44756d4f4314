import { expect, test } from '@jest/globals';

import { fileOf } from '../../support/patches/edit.js';
import { compiledCode } from '../../support/patches/program-copy.js';
import { problemsOf, titleOf } from './attack.js';
import { GG20_ATTACKS, GG20_ROWS } from './rows.js';

/** Some are played among whole nodes, on a machine that may be busy. */
const TIMEOUT_MS = 120_000;

test.each(GG20_ATTACKS.map((attack) => [titleOf(attack), attack] as const))(
  '%s',
  async (_, attack) => {
    expect(problemsOf(attack, await attack.run())).toEqual([]);
  },
  TIMEOUT_MS,
);

test('every row is played, or says what of it is missing and why', () => {
  expect(GG20_ROWS.map(({ row }) => row)).toEqual(Array.from({ length: 44 }, (_, at) => at + 1));
  const played = new Set(GG20_ATTACKS.map(({ row }) => row));
  const bare = GG20_ROWS.filter(({ row, missing }) => !played.has(row) && missing === undefined);
  expect(bare).toEqual([]);
});

test('each attack has a name of its own', () => {
  const titles = GG20_ATTACKS.map(titleOf);
  expect(titles.filter((title, at) => titles.indexOf(title) !== at)).toEqual([]);
});

test('each check that is taken out is where it is said to be', () => {
  const code = compiledCode();
  const places = GG20_ATTACKS.flatMap(({ removed }) => removed);
  expect(places.filter(({ find, file }) => fileOf(code, find) !== file)).toEqual([]);
  expect(GG20_ATTACKS.filter(({ removed }) => removed.length === 0)).toEqual([]);
});
