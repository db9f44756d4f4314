import { describe, expect, test } from '@jest/globals';
import type { Command } from 'commander';
import { buildProgram } from '../../../src/cli/program.js';
import { fakeContext, quorate } from './fake-context.js';

const COMMANDS = [
  'dev',
  'node',
  'sign',
  'verify',
  'bench',
  'keys generate',
  'keys list',
  'keys get',
  'tasks list',
  'tasks get',
  'cluster status',
  'certs init',
];

describe('help', () => {
  test.each(COMMANDS)(
    'the help of %s shows an example on standard output, and succeeds',
    async (command) => {
      const { status, out, err } = await quorate([...command.split(' '), '--help']);
      expect(out).toContain(`Usage: quorate ${command}`);
      expect(out).toMatch(/Examples?:\n {2}quorate |Examples?:\n {2}printf /);
      expect(err).toBe('');
      expect(status).toBe(0);
    },
  );

  test('the first page names every group of commands and every exit status', async () => {
    const { out } = await quorate(['--help']);
    for (const command of COMMANDS) expect(out).toContain(`  ${command.split(' ')[0] ?? ''} `);
    expect(out).toContain(
      'Exit status: 0 done, 1 failed, 2 wrong usage, 3 not found, 4 denied, 5 unavailable or outcome unknown (try again),\n' +
        '6 exists already, 7 a key that is not verified as required, 8 an invalid signature or evidence',
    );
  });

  test('every command has --json', async () => {
    const leaves = (command: Command): Command[] =>
      command.commands.length === 0 ? [command] : command.commands.flatMap(leaves);
    const all = leaves(await buildProgram(fakeContext().context));
    const without = all.filter(({ options }) => !options.some(({ long }) => long === '--json'));
    // Refused whatever flags follow: see below. The last one prints a script.
    const refused = ['add', 'remove', 'completion'];
    expect(without.map((command) => command.name())).toEqual(refused);
  });

  test('a list of commands has one sentence for each', async () => {
    const { out } = await quorate(['keys', '--help']);
    const [, list = ''] = out.split('Commands:\n');
    expect(list).toContain('Shows a key, and what its certificate is worth');
    expect(list).not.toContain('unverified');
  });

  test('the help leaves out options that only `quorate dev` uses', async () => {
    expect((await quorate(['node', '--help'])).out).not.toContain('supervised');
  });
});

describe('wrong usage exits with 2, explains on standard error, and prints no data', () => {
  test.each([
    ['no command at all', [], /Usage: quorate/],
    ['an unknown command', ['frob'], /^quorate: unknown command 'frob'\nSee: quorate --help$/],
    ['an unknown inner command', ['keys', 'frob'], /See: quorate keys --help$/],
    ['an unknown flag', ['keys', 'list', '--frob'], /unknown option '--frob'/],
    ['a missing argument', ['keys', 'get'], /missing required argument 'key-id'/],
    ['a threshold that is no count', ['keys', 'generate', 'k', '-t', 'two'], /--threshold must be/],
    ['a label without a value', ['keys', 'generate', 'k', '--label', 'x'], /name=value/],
    ['a time-out that is no time', ['keys', 'list', '--timeout', 'soon'], /500ms, 30s or 2m/],
    ['two messages', ['sign', 'k', '-m', 'a', '-f', 'b'], /cannot be used with option/],
    ['no cluster to talk to', ['keys', 'list'], /quorate dev/],
    ['no message', ['sign', 'k'], /Which message\? Give --message, --file/],
    [
      'a message in base64 that is none',
      ['sign', 'k', '--message-base64', 'a*b'],
      /must be base64/,
    ],
    ['an unknown hash', ['sign', 'k', '-m', 'x', '--hash', 'md5'], /--hash must be one of sha256/],
    [
      'an unknown form',
      ['sign', 'k', '-m', 'x', '--output', 'pem'],
      /must be one of hex, base64, raw/,
    ],
    [
      'a public key of another length',
      ['sign', 'k', '-m', 'x', '--public-key', 'abcd'],
      /--public-key must be 32 bytes \(64 hex characters\), not 2/,
    ],
    [
      'participants without names',
      ['keys', 'generate', 'k', '--participants', ''],
      /--participants must/,
    ],
    ['a hardened path', ['sign', 'k', '-m', 'x', '--path', "0'/5"], /hardened keys cannot be/],
    [
      'a path of no numbers',
      ['sign', 'k', '-m', 'x', '--path', 'a/b'],
      /--path must be at most 16/,
    ],
    [
      'a path with a number out of range',
      ['sign', 'k', '-m', 'x', '--path', '2147483648'],
      /--path/,
    ],
    ['a file that is not there', ['sign', 'k', '-f', 'nothing'], /cannot read nothing/],
    [
      'both a duration and a count',
      ['bench', '--count', '1', '--duration', '1s'],
      /cannot be used/,
    ],
    ['a node without a name', ['node'], /node_id: is missing/],
  ])('wrong usage: %s', async (_, argv, message) => {
    const { status, out, err } = await quorate(argv);
    expect(err).toMatch(message);
    expect(out).toBe('');
    expect(status).toBe(2);
  });
});

describe('operations of later releases are refused in a sentence', () => {
  test.each([
    [['keys', 'generate', 'k', '--algorithm', 'GG20_ED25519'], /there are FROST_ED25519_SHA512, /],
    [['cluster', 'add', 'x'], /This release cannot change/],
    [['cluster', 'remove', 'x'], /This release cannot change/],
  ])('this release refuses %j', async (argv, message) => {
    const { status, err } = await quorate(argv);
    expect(err).toMatch(message);
    expect(status).toBe(2);
  });
});

test('a command that cannot be undone demands --yes', async () => {
  const { status, err } = await quorate(['cluster', 'require-signatures']);

  expect(err).toMatch(/This cannot be undone: every client must sign from then on. Give --yes/);
  expect(status).toBe(2);
});

test('quorate --version prints the version', async () => {
  expect(await quorate(['--version'])).toEqual({
    status: 0,
    out: expect.stringMatching(/^\d+\.\d+\.\d+$/),
    err: '',
  });
});

test('cluster raise-level demands --yes and a level that can exist', async () => {
  const without = await quorate(['cluster', 'raise-level']);
  expect([without.status, without.err]).toEqual([2, expect.stringMatching(/Give --yes/)]);

  for (const level of ['0', '-1', '1.5', 'two', '65536']) {
    const { status, err } = await quorate(['cluster', 'raise-level', '--yes', '--level', level]);
    expect([status, err]).toEqual([2, expect.stringMatching(/--level must be a whole number/)]);
  }
});
