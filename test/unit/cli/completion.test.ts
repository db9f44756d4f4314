import { beforeAll, describe, expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { buildProgram } from '../../../src/cli/program.js';
import { completedCommands } from '../../../src/cli/completion/tree.js';
import type { CompletedCommand } from '../../../src/cli/completion/tree.js';
import { fakeContext, quorate } from './fake-context.js';

let commands: readonly CompletedCommand[];
const scripts = new Map<string, string>();
beforeAll(async () => {
  commands = completedCommands(await buildProgram(fakeContext().context));
  for (const shell of ['bash', 'zsh', 'fish'])
    scripts.set(shell, (await quorate(['completion', shell])).out);
});

/** What a shell says of a script that it only reads: 0, or nothing where the shell is not installed. */
const readBy = (shell: string, script: string): number | null =>
  spawnSync(shell, ['-n', '-c', script]).status;

/** The words that bash offers where the cursor is behind `line`. */
function offered(line: string): string[] {
  const words = line.split(' ');
  const script = `${scripts.get('bash') ?? ''}
COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')})
COMP_CWORD=${words.length - 1}
_quorate
printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout, stderr, status } = spawnSync('bash', ['--norc', '-c', script], {
    encoding: 'utf8',
    cwd: 'docs',
  });
  expect([status, stderr]).toEqual([0, '']);
  return stdout.split('\n').filter(Boolean);
}

test('the tree has every command that help shows, and none that is hidden', () => {
  const paths = commands.map(({ path }) => path);
  expect(paths).toEqual(
    expect.arrayContaining(['', '/keys', '/keys/generate', '/node/init', '/completion']),
  );
  expect(paths.filter((path) => /help|cluster\/add/.test(path))).toEqual([]);
  const generate = commands.find(({ path }) => path === '/keys/generate');
  expect(generate?.flags).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ name: '--threshold', short: '-t', value: 'other' }),
      expect.objectContaining({ name: '--ca', value: 'path' }),
      expect.objectContaining({ name: '--json', value: 'none' }),
    ]),
  );
});

describe('in bash', () => {
  test.each([
    ['quorate k', ['keys']],
    ['quorate keys re', ['reshare', 'retire', 'restore']],
    ['quorate sign demo --mess', ['--message', '--message-base64', '--message-hex']],
    ['quorate keys generate --algorithm ', []],
    ['quorate completion ', ['bash', 'zsh', 'fish']],
    // An argument that is spelled like a command is none.
    ['quorate keys get list --pub', ['--public-key']],
    ['quorate node --config settings.md i', ['init']],
  ])('%j offers %j', (line, words) => {
    expect(offered(line).toSorted()).toEqual([...words].toSorted());
  });

  test('a flag that takes a path offers files', () => {
    expect(offered('quorate cluster status --client-file err')).toEqual(['errors.md']);
    expect(offered('quorate node -c runb')).toEqual(['runbook.md']);
  });

  test('every command offers what is within it, and its flags', () => {
    for (const { path, commands: inner, flags } of commands.slice(0, 12)) {
      const line = `quorate${path.replaceAll('/', ' ')} `;
      expect(offered(line)).toEqual(inner.map(({ name }) => name));
      expect(offered(`${line}--`)).toEqual(flags.map(({ name }) => name));
    }
  });
});

test.each(['zsh', 'fish'] as const)('a script for %s is one that the shell reads', (shell) => {
  const script = scripts.get(shell) ?? '';
  for (const { path, flags } of commands) {
    expect(script).toContain(path);
    for (const { name } of flags) expect(script).toContain(name.slice(2));
  }
  // Where the shell is not installed, its text alone is judged: every quote that opens is closed.
  expect([0, null]).toContain(readBy(shell, script));
  const escaped = shell === 'fish' ? /\\['\\]/g : /'\\''/g;
  for (const line of script.split('\n'))
    expect((line.replace(/^#.*/, '').replaceAll(escaped, '').match(/'/g) ?? []).length % 2).toBe(0);
});

test('another shell is refused by name', async () => {
  const { status, err } = await quorate(['completion', 'tcsh']);
  expect(err).toMatch(/Allowed choices are bash, zsh, fish/);
  expect(status).toBe(2);
});
