import { expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';

import { OPTIONS, PLANTED_BUGS } from '../../simulation/planted-bugs.js';

const page = readFileSync('test/README.md', 'utf8');
const names: ReadonlySet<string> = new Set(
  PLANTED_BUGS.map(({ name }) => name.replace(' (threshold ECDSA)', '')),
);

test('test/README.md has every mistake that the simulator must find, and no other', () => {
  const begins = page.indexOf('\nBy consensus:\n');
  const ends = page.indexOf('### What must hold of consensus');
  expect([begins > 0, ends > begins]).toEqual([true, true]);
  const listed = [...page.slice(begins, ends).matchAll(/^- (.+)$/gm)].map(([, name]) => name);
  expect(new Set(listed)).toEqual(names);
});

test('each invariant of keys has a row, and is shown by mistakes that the simulator must find', () => {
  const begins = page.indexOf('### What must hold of keys');
  const part = page.slice(begins, page.indexOf('\n## ', begins)).replaceAll(/\s+/g, ' ');
  const named = [...part.matchAll(/“([^”]+)”/g)].map(([, name = '']) => name);
  expect(named.length).toBeGreaterThan(10);
  expect(named.filter((name) => !names.has(name))).toEqual([]);
  for (const invariant of ['M5', 'M6', 'M7', 'M8', 'M9', 'M10', 'M11'])
    expect(part).toContain(`**${invariant}: `);
});

/** Shown by tests of their own, not by a mistake. */
const WITHOUT_MISTAKE: ReadonlySet<string> = new Set(['R18']);

test('each invariant of consensus has a row, and its checker is the one that tells of the mistake there', () => {
  const begins = page.indexOf('### What must hold of consensus');
  const part = page
    .slice(begins, page.indexOf('### What must hold of keys'))
    .replaceAll(/\s+/g, ' ');
  const rows = [...part.matchAll(/- \*\*(R\d+): [^*]+\*\*, `(\w+)`: (?:“([^”]+)”)?/g)];
  expect(rows.map(([, row]) => row)).toEqual(Array.from({ length: 18 }, (_, at) => `R${at + 1}`));
  const shown = rows.filter(([, row = '']) => !WITHOUT_MISTAKE.has(row));
  const byName = new Map(PLANTED_BUGS.map((bug) => [bug.name, bug.by]));
  expect(shown.map(([, row, checker]) => [row, checker])).toEqual(
    shown.map(([, row, , mistake = '']) => [row, byName.get(mistake)]),
  );
});

test('forty mistakes in consensus and more are planted', () => {
  const planted = PLANTED_BUGS.filter(({ where }) => OPTIONS[where].includes('--raft-only'));
  expect(planted.length).toBeGreaterThanOrEqual(40);
});
