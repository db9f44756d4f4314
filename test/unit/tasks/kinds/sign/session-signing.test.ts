import { expect, test } from '@jest/globals';
import { fill, Ledger } from '../../../../support/builders/ledger.js';
import { TaskRoom } from '../../../../support/builders/task-room.js';
import { SessionFailures } from '../../../../../src/tasks/kinds/sign/session-failures.js';
import { SessionSigning } from '../../../../../src/tasks/kinds/sign/session-signing.js';
import type { SignAttempt } from '../../../../../src/tasks/kinds/sign/session-basis.js';
import { ProtocolAbort } from '../../../../../src/mpc/index.js';
import { Algorithm, Gg20Profile } from '../../../../../src/wire/index.js';

/** An attempt with a GG20 key of which this node holds nothing. */
function attempt(): SignAttempt {
  const key = {
    keyId: 'gg20-key',
    version: 1,
    algorithm: Algorithm.GG20_SECP256K1,
    gg20Profile: Gg20Profile.P2048,
    sessionId: fill(1),
    participants: [],
    publicPolynomial: [],
  };
  const auxiliary = { setId: fill(2).subarray(0, 16), generation: 1, digest: fill(3) };
  return { task: { key }, record: { attempt: { auxiliary } }, nodes: [] } as never;
}

const refusalOf = async (one: SessionSigning): Promise<string | undefined> =>
  (await one.refusal(attempt()))?.reason;

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
  const running = one.run(attempt(), () => {
    throw new Error('it is not started');
  });
  expect(await refusalOf(one)).toBe('one-at-a-time');
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

/** A session that ends as a test says. */
function sessionThatEnds(failures: SessionFailures, error: Error): Promise<void> {
  const parts = new TaskRoom('node-1', new Ledger()).participating();
  const generations = { load: () => Promise.reject(error) } as never;
  return new SessionSigning({ ...parts, generations }, failures).run(attempt(), () => {
    throw new Error('it is not started');
  });
}
