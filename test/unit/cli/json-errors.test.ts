import { describe, expect, test } from '@jest/globals';
import { ClusterError } from '../../../src/common/index.js';
import { inFlags } from '../../../src/cli/flag-words.js';
import { report } from '../../../src/cli/report.js';
import { fakeContext, quorate } from './fake-context.js';

const usage = (message: unknown) => ({
  error: { code: 'invalid-request', reason: 'USAGE', message, facts: {} },
});

describe('with --json an error is one JSON object on standard output', () => {
  test.each([
    ['behind the command', ['keys', 'get', '--json'], /missing required argument 'key-id'/],
    ['before the command', ['--json', 'keys', 'get'], /missing required argument 'key-id'/],
    ['between the words of a command', ['keys', '--json', 'get'], /missing required argument/],
    ['with an unknown flag', ['keys', 'list', '--json', '--frob'], /unknown option '--frob'/],
    ['with an unknown command', ['--json', 'frob'], /unknown command 'frob'/],
    ['with no command', ['--json'], /^Which command of quorate$/],
    ['with no inner command', ['keys', '--json'], /^Which command of quorate keys$/],
    ['with a value that is wrong', ['keys', 'list', '--limit', '0', '--json'], /--limit must be/],
    ['with no cluster', ['--json', 'cluster', 'status'], /^Which cluster\?/],
    ['of a release to come', ['--json', 'cluster', 'add', 'x'], /cannot change/],
  ])('%s', async (_, argv, message) => {
    const { status, out, err } = await quorate(argv);

    const told = JSON.parse(out) as { error: { reason: string } };
    expect(told).toEqual({
      error: {
        ...usage(expect.stringMatching(message)).error,
        reason: told.error.reason,
        code: expect.any(String),
      },
    });
    expect(err).toBe('');
    expect(status).toBe(2);
  });

  test('a failure carries its code, reason, facts and hint', () => {
    const { context, out, err } = fakeContext();
    const facts = { task_id: 't', attempts: '3' };
    const error = new ClusterError('deadline', 'Task t is not done', { reason: 'LATE', facts });

    const status = report(error, context, { json: true });

    expect(out.map((line) => JSON.parse(line) as unknown)).toEqual([
      {
        error: {
          code: 'deadline',
          reason: 'LATE',
          message: 'Task t is not done',
          facts,
          hint: 'The cluster goes on with it. See: quorate tasks get t',
        },
      },
    ]);
    expect(err).toEqual([]);
    expect(status).toBe(5);
  });

  test('a mistake of ours is told as internal', () => {
    const { context, out } = fakeContext();
    report(new Error('outer', { cause: new Error('inner') }), context, { json: true });
    expect(JSON.parse(out.join(''))).toEqual({
      error: { code: 'internal', reason: 'INTERNAL', message: 'outer: inner', facts: {} },
    });
  });
});

test.each([
  ['the value of another flag', ['keys', 'get', '--ca', '--json']],
  ['behind the end of all flags', ['keys', 'get', 'k', '--', '--json']],
])('--json as %s is no wish for JSON', async (_, argv) => {
  const { out, err, status } = await quorate(argv);
  expect(out).toBe('');
  expect(err).toMatch(/^quorate: /);
  expect(status).toBe(2);
});

test('a node that cannot start says so in its log, and with --json on standard output too', async () => {
  const plain = await quorate(['node']);
  const json = await quorate(['node', '--json']);

  const reason = 'INVALID_CONFIGURATION';
  const message = expect.stringMatching(/node_id: is missing/);
  expect(JSON.parse(plain.err)).toMatchObject({ level: 'error', reason, error: message });
  expect(plain).toMatchObject({ status: 2, out: '' });
  expect(JSON.parse(json.out)).toMatchObject({ error: { reason, message } });
  expect(JSON.parse(json.err)).toMatchObject({ reason });
  expect(json.status).toBe(2);
});

describe('an error names the flag instead of the request’s field', () => {
  test.each([
    [
      'allow_no_redundancy',
      'the loss of one node loses the key; set allow_no_redundancy to accept that',
      'the loss of one node loses the key; set --allow-no-redundancy to accept that',
    ],
    ['threshold', 'threshold must be at least 2', '--threshold must be at least 2'],
    ['participants', 'participants names a node twice', '--participants names a node twice'],
    [
      'participants',
      'A key has at most 20 participants',
      '--participants: A key has at most 20 participants',
    ],
    ['key_id', 'key_id must match ^[a-z0-9]', '<key-id> must match ^[a-z0-9]'],
    ['allowed_signers', 'allowed_signers holds SPIFFE ids', '--allowed-signer holds SPIFFE ids'],
    [
      'days',
      'Must be a whole number from 1 to 3650',
      '--days must be a whole number from 1 to 3650',
    ],
    ['unheard_of', 'unheard_of is wrong', 'unheard_of is wrong'],
  ])('%s: %s', (field, message, shown) => {
    expect(inFlags(new ClusterError('invalid-request', message, { field }))).toBe(shown);
  });

  test('a message about what exists stays as it is', () => {
    const error = new ClusterError('already-exists', 'Key x exists already', { field: 'key_id' });
    expect(inFlags(error)).toBe('Key x exists already');
  });
});
