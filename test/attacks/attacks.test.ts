import { expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';

import { allCases, oneSuite, shortCases } from './cases.js';
import { CHECKS } from './checks.js';
import { ROWS } from './rows.js';
import { isRight, runCases } from './run.js';

const TIMEOUT_MS = 300_000;

test(
  'each attack names exactly the expected culprits, and no honest node',
  async () => {
    const verdicts = await runCases(shortCases());
    expect(verdicts.filter((verdict) => !isRight(verdict))).toEqual([]);
    expect(verdicts.flatMap(({ honestNamed }) => honestNamed)).toEqual([]);
    expect(verdicts.some(({ named }) => named.length > 0)).toBe(true);
  },
  TIMEOUT_MS,
);

test('every row of the table of attacks has a case or a test, or a reason for neither', () => {
  const cases = allCases();
  const tried = new Set(cases.flatMap(({ rows }) => rows));
  const others = ROWS.filter(({ row }) => !tried.has(row));
  const bare = others.filter(({ elsewhere, absent }) => (elsewhere ?? absent) === undefined);
  expect(bare).toEqual([]);
  expect(ROWS.map(({ row }) => row)).toEqual(ROWS.map((_, at) => at + 1));
  const gone = ROWS.flatMap(({ elsewhere = [] }) =>
    elsewhere.filter(([file, name]) => !readFileSync(file, 'utf8').includes(name)),
  );
  expect(gone).toEqual([]);
});

test('each attack case has a name of its own', () => {
  const names = allCases().map(({ name }) => name);
  expect(names.filter((name, at) => names.indexOf(name) !== at)).toEqual([]);
});

test('every check that can be taken out names a case', () => {
  const names = new Set(oneSuite().map(({ name }) => name));
  expect(CHECKS.filter(({ shows }) => !names.has(shows))).toEqual([]);
});
