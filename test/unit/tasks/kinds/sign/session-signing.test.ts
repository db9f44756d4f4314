import { expect, test } from '@jest/globals';
import { gg20SignAttempt, sessionThatEnds } from '../../../../support/builders/gg20-attempts.js';
import { Ledger } from '../../../../support/builders/ledger.js';
import { TaskRoom } from '../../../../support/builders/task-room.js';
import { SessionFailures } from '../../../../../src/tasks/kinds/sign/session-failures.js';
import { SessionSigning } from '../../../../../src/tasks/kinds/sign/session-signing.js';
import { ProtocolAbort } from '../../../../../src/mpc/index.js';

const refusalOf = async (one: SessionSigning): Promise<string | undefined> =>
  (await one.refusal(gg20SignAttempt()))?.reason;

function signing(failures = 0): { signing: SessionSigning; failures: SessionFailures } {
  const counted = new SessionFailures();
  for (let at = 0; at < failures; at++) counted.failed('gg20-key/1');
  const parts = new TaskRoom('node-1', new Ledger()).participating();
  return { signing: new SessionSigning(parts, counted), failures: counted };
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
  expect(failures.standing('gg20-key/1')).toBe('free');
  await ended(new ProtocolAbort('no nonce came of it', []));
  expect(failures.standing('gg20-key/1')).toBe('one-at-a-time');
});
