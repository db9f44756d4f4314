import { describe, expect, test } from '@jest/globals';
import { gg20SignAttempt, sessionThatEnds } from '../../../../support/builders/gg20-attempts.js';
import { Ledger } from '../../../../support/builders/ledger.js';
import { TaskRoom } from '../../../../support/builders/task-room.js';
import type { SessionFailures } from '../../../../../src/tasks/kinds/sign/session-failures.js';
import { SessionSigning } from '../../../../../src/tasks/kinds/sign/session-signing.js';
import { ProtocolAbort } from '../../../../../src/mpc/index.js';
import { nodeId } from '../../../../../src/common/index.js';
import { SilentInBlame } from '../../../../../src/gg20/index.js';

const SECOND = nodeId('node-2');
const KEY = { keyId: 'gg20-key', version: 1 };

const refusalOf = async (one: SessionSigning): Promise<string | undefined> =>
  (await one.refusal(gg20SignAttempt()))?.reason;

function signing(failures = 0): { signing: SessionSigning; failures: SessionFailures } {
  const parts = new TaskRoom('node-1', new Ledger()).participating();
  for (let at = 0; at < failures; at++) parts.failures.failed(KEY);
  return { signing: new SessionSigning(parts), failures: parts.failures };
}

test('a node without its share of the key takes part in no session', async () => {
  expect(await refusalOf(signing().signing)).toBe('share-missing');
});

test('a node takes part in no session of a version that failed 32 times', async () => {
  expect(await refusalOf(signing(31).signing)).toBe('share-missing');
  expect(await refusalOf(signing(32).signing)).toBe('failed-too-often');
});

test('a version that failed 8 times signs in one session at a time', async () => {
  const { signing: one } = signing(8);
  expect(await refusalOf(one)).toBe('share-missing');
  // Under way until its generation is looked for.
  const running = one.run(gg20SignAttempt(), () => {
    throw new Error('it is not started');
  });
  expect(await refusalOf(one)).toBe('one-at-a-time');
  const another = one.run(gg20SignAttempt(), () => {
    throw new Error('it is not started');
  });
  await expect(another).rejects.toThrow('another session');
  await expect(running).rejects.toThrow('nothing to sign with');
  expect(await refusalOf(one)).toBe('share-missing');
});

test('only a session that ends without a culprit counts as failed', async () => {
  const { failures } = signing(7);
  const ended = (error: Error): Promise<void> =>
    expect(sessionThatEnds(failures, error)).rejects.toBe(error);
  await ended(new Error('the task is closed'));
  await ended(new ProtocolAbort('a proof', [2]));
  expect(failures.standing(KEY)).toBe('free');
  await ended(new ProtocolAbort('no nonce came of it', []));
  expect(failures.standing(KEY)).toBe('one-at-a-time');
});

/** What a session of node-1 that ends so counts against, and what the node says of it. */
async function afterEnd(silent: readonly number[], isOverdue: boolean) {
  const { signing: one, failures } = signing();
  const error = new SilentInBlame(silent, isOverdue, undefined);
  await expect(sessionThatEnds(failures, error)).rejects.toBe(error);
  return { failures, declined: one.declines(gg20SignAttempt(), error) };
}

describe('a session in which nodes were silent when it was looked into', () => {
  test('counts against those alone, and is told with the first of them', async () => {
    const { failures, declined } = await afterEnd([2], true);
    expect(failures.all()).toMatchObject([{ subject: { kind: 'node', nodeId: SECOND }, count: 1 }]);
    expect(declined).toEqual({ reason: 'silent-in-blame', index: 2 });
  });

  test('counts against the version where it was closed before their time was over', async () => {
    const { failures, declined } = await afterEnd([2], false);
    expect(failures.all()).toMatchObject([{ subject: { kind: 'version', ...KEY }, count: 1 }]);
    expect(declined).toBeUndefined();
  });

  test('counts against the version where all had opened, and do not agree', async () => {
    expect((await afterEnd([], true)).failures.all()).toMatchObject([
      { subject: { kind: 'version', ...KEY } },
    ]);
  });
});

test('a node takes part in no session with one that was silent three times', async () => {
  const { signing: one, failures } = signing();
  for (let at = 0; at < 2; at++) failures.silent(SECOND);
  expect(await refusalOf(one)).toBe('share-missing');
  failures.silent(SECOND);
  expect(await one.refusal(gg20SignAttempt())).toEqual({ reason: 'silent-node', index: 2 });
});
