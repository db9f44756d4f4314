import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { buildProgram } from '../../../src/cli/program.js';
import { fakeContext, quorate } from './fake-context.js';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'quorate-paths-'));
  mkdirSync(join(folder, 'a-folder'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const run = (...argv: string[]) => quorate(argv, { folder });

test.each([
  ['--client-file', ['cluster', 'status', '--client-file', '']],
  ['--client-file', ['keys', 'list', '--client-file=']],
  ['--key', ['sign', 'demo', '--message', 'x', '--key', '']],
  ['--member', ['certs', 'init', '--member', 'a-folder/x.json', '']],
  ['--out', ['certs', 'init', '--out', '']],
  ['--data-dir', ['node', 'init', '--node-id', 'a', '--data-dir', '']],
  ['--config', ['node', '--config', '']],
  ['<file>', ['verify-blame', '', '--cluster-file', 'x']],
])('an empty path of %s is wrong usage', async (flag, argv) => {
  const ran = await run(...argv);
  expect(ran).toMatchObject({ status: 2, out: '' });
  expect(ran.err).toMatch(new RegExp(`${flag} is empty: it must be the path of a (file|folder)`));
});

test.each([
  ['--client-file', ['cluster', 'health', '--client-file', 'a-folder']],
  ['--peer-ca', ['certs', 'init', '--peer-ca', 'a-folder']],
  ['--config', ['node', '--config', 'a-folder']],
  ['<file>', ['verify-blame', 'a-folder', '--cluster-file', 'x']],
])('a folder where %s has to be a file is told as a folder', async (flag, argv) => {
  const ran = await run(...argv);
  expect(ran).toMatchObject({ status: 2, out: '' });
  expect(ran.err).toContain(`${flag}: a-folder is a folder: it must be the path of a file`);
});

test('every flag whose name says file or folder, or whose default is one, is known as a path', async () => {
  const all = (command: Command): Command[] => [command, ...command.commands.flatMap(all)];
  const commands = all(await buildProgram(fakeContext().context));
  const named = commands.flatMap(({ options }) =>
    options.filter(({ long }) =>
      /(?<!pro)file|-dir$|^--(out|ca|cert|key|config|data)$/.test(long ?? ''),
    ),
  );
  const others = named.filter(({ flags }) => !/<(file|files\.\.\.|folder)>/.test(flags));
  expect(named.length).toBeGreaterThan(20);
  expect(others.map(({ flags }) => flags)).toEqual([]);
});
