import { describe, expect, test } from '@jest/globals';
import { ClusterError } from '../../../src/common/index.js';
import type { ErrorCode } from '../../../src/common/index.js';
import { Ended } from '../../../src/cli/exit-codes.js';
import { report } from '../../../src/cli/report.js';
import { fakeContext } from './fake-context.js';

function reported(error: unknown): { status: number; lines: string[] } {
  const lines: string[] = [];
  const { context } = fakeContext({ err: (line) => void lines.push(line) });
  return { status: report(error, context), lines };
}

describe('the exit status shows the kind of failure', () => {
  const table: [ErrorCode, number][] = [
    ['invalid-request', 2],
    ['unsupported', 2],
    ['not-found', 3],
    ['unauthenticated', 4],
    ['forbidden', 4],
    ['no-quorum', 5],
    ['not-leader', 5],
    ['overloaded', 5],
    ['deadline', 5],
    ['already-exists', 6],
    ['wrong-state', 1],
    ['data-loss', 1],
  ];
  test.each(table)('a failure with the code %s exits with %d', (code, status) => {
    expect(reported(new ClusterError(code, 'Words')).status).toBe(status);
  });
});

test('an error prints one line, and a hint where there is one', () => {
  expect(reported(new ClusterError('not-found', 'There is no key x')).lines).toEqual([
    'quorate: There is no key x',
  ]);
  const unreachable = new ClusterError('no-quorum', 'Nobody', { reason: 'UNREACHABLE' });
  expect(reported(unreachable).lines[1]).toContain('`quorate dev` runs one');
  const late = new ClusterError('deadline', 'Key x is not ready yet', { facts: { task_id: 't' } });
  expect(reported(late).lines[1]).toBe('The cluster goes on with it. See: quorate tasks get t');
});

test('an unexpected error prints a failure without its stack', () => {
  expect(reported(new Error('boom'))).toEqual({ status: 1, lines: ['quorate: boom'] });
});

test('a command that has printed its own failure gets no second message', () => {
  expect(reported(new Ended(3))).toEqual({ status: 3, lines: [] });
});
