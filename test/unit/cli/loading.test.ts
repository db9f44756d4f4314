import { expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { COMMANDS } from '../../../src/cli/command-table.js';
import { fakeContext } from './fake-context.js';

/** The files and packages that a file imports, directly and through others; `import()` is not followed. */
function loadedWith(file: string, seen = new Set<string>()): ReadonlySet<string> {
  if (seen.has(file)) return seen;
  seen.add(file);
  const source = readFileSync(join('dist/src', file), 'utf8');
  for (const [, from = ''] of source.matchAll(
    /^(?:import|export)\s(?:[^;'"]*?\sfrom\s)?'([^']+)'/gm,
  )) {
    if (from.startsWith('.')) loadedWith(normalize(join(dirname(file), from)), seen);
    else seen.add(from);
  }
  return seen;
}

test('the program loads commander and its own words, and no command, before it knows which', () => {
  const loaded = [...loadedWith('main.js')];

  expect(loaded.filter((each) => !each.endsWith('.js') && !each.startsWith('node:'))).toEqual([
    'commander',
  ]);
  const rooms = new Set(
    loaded.filter((each) => each.endsWith('.js')).map((each) => each.split('/')[0]),
  );
  expect(rooms).toEqual(new Set(['main.js', 'cli', 'common', 'version.js']));
  expect(loaded.filter((each) => each.startsWith('cli/commands/'))).toEqual([]);
});

test('every command of the table has the name that the table says', async () => {
  const { context } = fakeContext();
  for (const entry of COMMANDS) expect((await entry.load(context)).name()).toBe(entry.name);
});
