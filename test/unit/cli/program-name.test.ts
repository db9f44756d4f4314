import { expect, test } from '@jest/globals';
import { programName, shellWord } from '../../../src/cli/command-context.js';

test.each([
  ['/usr/local/bin/quorate', {}, 'quorate'],
  ['/clone/dist/src/main.js', {}, 'node dist/src/main.js'],
  ['/clone/dist/src/main.js', { npm_command: 'start' }, 'node dist/src/main.js'],
  ['/clone/bin/quorate.mjs', {}, 'node bin/quorate.mjs'],
  ['/my tools/main.js', {}, "node '/my tools/main.js'"],
  ['/clone/node_modules/.bin/quorate', { npm_command: 'exec' }, 'npx --no quorate'],
])('%s under %j is called as %s', (script, environment, called) => {
  expect(programName(script, '/clone', environment)).toBe(called);
});

test('a word that the shell would read otherwise is quoted', () => {
  expect(shellWord('a/b-c.yaml')).toBe('a/b-c.yaml');
  expect(shellWord("it's")).toBe(`'it'\\''s'`);
});
