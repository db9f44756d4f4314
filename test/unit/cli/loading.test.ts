import { expect, test } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { COMMANDS } from '../../../src/cli/command-table.js';
import { fakeContext } from './fake-context.js';

/** The files and packages that a compiled file imports; `import()` is left out. */
function importsOf(file: string): readonly string[] {
  const source = readFileSync(join('dist/src', file), 'utf8').replace(/ \/\/ led: .*$/gm, '');
  const statements = source.matchAll(/(?:^|; )(?:import|export)\s(?:[^;'"]*?\sfrom\s)?'([^']+)'/gm);
  return [...statements].map(([, from = '']) =>
    from.startsWith('.') ? normalize(join(dirname(file), from)) : from,
  );
}

/** The files and packages that a file imports, directly and through others. */
function loadedWith(file: string, seen = new Set<string>()): ReadonlySet<string> {
  if (seen.has(file)) return seen;
  seen.add(file);
  if (file.endsWith('.js') && !file.startsWith('@'))
    for (const from of importsOf(file)) loadedWith(from, seen);
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

/** Commands that ask nodes and print what they answer. `node`, `dev` and `bench` start nodes, and the others judge or write files. */
const CALLING = ['keys', 'sign', 'verify', 'tasks', 'cluster'];

test.each(CALLING)('%s loads what a client needs, and nothing of a server', (command) => {
  const loaded = [...loadedWith(`cli/commands/${command}.js`)];

  const rooms = new Set(loaded.map((each) => each.split('/')[0]));
  for (const heavy of ['@grpc', 'zod', 'pino', 'yaml', 'lmdb']) expect(rooms).not.toContain(heavy);
  for (const room of ['tasks', 'node', 'api', 'store', 'keys', 'blame', 'raft', 'pki'])
    expect(rooms).not.toContain(room);
  // Of GG20 the names of its curve. Each file costs about a millisecond of the processor.
  expect(loaded.filter((each) => each.startsWith('gg20/'))).toEqual(['gg20/curve.js']);
  expect(loaded.length).toBeLessThan(240);
});

test('compiled imports lead to files that are there, and never to the index of another room', () => {
  const files = readdirSync('dist/src', { recursive: true, encoding: 'utf8' });
  const compiled = files.filter((file) => file.endsWith('.js') && !file.endsWith('index.js'));
  const wrong = compiled.flatMap((file) =>
    importsOf(file).filter((to) => to.endsWith('/index.js') && !to.endsWith('/kinds/index.js')),
  );
  expect(compiled.length).toBeGreaterThan(400);
  expect(wrong).toEqual([]);
});

test('every command of the table has the name that the table says', async () => {
  const { context } = fakeContext();
  for (const entry of COMMANDS) expect((await entry.load(context)).name()).toBe(entry.name);
});
