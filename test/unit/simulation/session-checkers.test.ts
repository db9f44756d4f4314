import { beforeEach, expect, test } from '@jest/globals';

import { toHex, utf8 } from '../../../src/common/index.js';
import type { Entry, Write } from '../../../src/ports/index.js';
import { encodeCommand } from '../../../src/state/index.js';
import type { ActiveKey } from '../../../src/state/index.js';
import { keyWith, writeOf } from '../../support/builders/active-key.js';
import {
  Attempt,
  encode,
  SignatureResult,
  SignRequest,
  TaskRecord,
} from '../../../src/wire/index.js';
import type { Supply } from '../../../src/wire/index.js';
import { Attempts } from '../../simulation/checkers/attempts.js';
import { Answers } from '../../simulation/checkers/answers.js';
import { HeldResults } from '../../simulation/checkers/held-results.js';
import { KeyKept } from '../../simulation/checkers/key-kept.js';
import { Outcomes } from '../../simulation/checkers/outcomes.js';
import { ReleasedShare } from '../../simulation/checkers/released-share.js';
import { SingleUse } from '../../simulation/checkers/single-use.js';
import { requestIdOf } from '../../simulation/requests.js';
import { A, B, C, logOf, Scene, status } from './builders.js';
import { keygen } from '../../../src/sharing/index.js';

const EXPIRE_MS = 2_000;

let scene = new Scene();
beforeEach(() => {
  scene = new Scene();
});

function supply(counter: number): Supply {
  const point = (tag: number): Uint8Array => Uint8Array.of(tag, counter);
  const boot = new Uint8Array(16);
  return { nodeId: A, boot, counter: BigInt(counter), parts: [point(1), point(2)] };
}

/** A request entry that carries an attempt, always with the same nonce. */
function signRequest(index: number): Uint8Array {
  const request = encode(SignRequest, {
    requestId: `request-${index}`,
    keyId: 'key',
    payload: { $case: 'message', value: Uint8Array.of(1) },
    derivationPath: [],
    hash: 0,
  });
  const firstAttempt = Attempt.fromPartial({
    number: 1,
    version: 1,
    assignment: { $case: 'supplies', value: { supplies: [supply(1)] } },
  });
  const voucher = {
    nodeId: A,
    spiffeId: 'spiffe://quorate/app/one',
    expireTimeMs: BigInt(EXPIRE_MS),
    signature: new Uint8Array(64),
  };
  const value = {
    method: '/quorate.v1.SigningService/Sign',
    request,
    authorization: { by: { $case: 'voucher', value: voucher } },
    firstAttempt,
  } as const;
  return encodeCommand({ $case: 'request', value });
}

/** A log of two sign requests, each of which carries an attempt with the same nonce. */
function log(): Entry[] {
  return logOf([1, 1], signRequest);
}

function attemptsOf(entries: readonly Entry[]): Attempts {
  const attempts = new Attempts({
    sessionOf: toHex,
    taskOf: (requester, requestId) => `${requester}/${requestId}`,
    requestIdOf,
  });
  for (const entry of entries) attempts.read(entry);
  return attempts;
}

const sessions = log().map(({ hash }) => toHex(hash));
const [first = '', second = ''] = sessions;

test('SingleUse reports a nonce in the shares of two sessions', () => {
  const checker = new SingleUse(attemptsOf(log()), scene.report);

  expect(checker.share(A, first, Uint8Array.of(1))).toBe(true);
  expect(checker.share(A, first, Uint8Array.of(1))).toBe(false);
  expect(scene.said).toEqual([]);

  checker.share(A, second, Uint8Array.of(2));
  expect(scene.said).toEqual(['SingleUse']);
});

test('SingleUse reports two shares of one session', () => {
  const checker = new SingleUse(attemptsOf(log()), scene.report);

  checker.share(A, first, Uint8Array.of(1));
  checker.share(A, first, Uint8Array.of(2));
  expect(scene.said).toEqual(['SingleUse']);
});

test('SingleUse reports one commitment under two names', () => {
  const checker = new SingleUse(attemptsOf([]), scene.report);

  checker.published(A, [supply(1), supply(2)]);
  checker.published(A, [supply(1)]);
  expect(scene.said).toEqual([]);

  checker.published(A, [{ ...supply(1), counter: 9n }]);
  expect(scene.said).toContain('SingleUse');
});

test('ReleasedShare reports a share whose entry is not durable in its sender’s log', () => {
  const checker = new ReleasedShare(attemptsOf(log()), scene, scene.report);
  scene.statuses.set(A, status(1, 2));
  scene.write(A, { entries: log().slice(0, 1) });

  checker.share(A, first);
  expect(scene.said).toEqual([]);

  checker.share(A, second);
  expect(scene.said).toEqual(['ReleasedShare']);
});

test('ReleasedShare reports a share whose entry is not committed', () => {
  const checker = new ReleasedShare(attemptsOf(log()), scene, scene.report);
  scene.statuses.set(A, status(1, 1));
  scene.write(A, { entries: log() });

  checker.share(A, second);
  expect(scene.said).toEqual(['ReleasedShare']);
});

test('ReleasedShare reports a share that leaves after the expiry', () => {
  const checker = new ReleasedShare(attemptsOf(log()), scene, scene.report);
  scene.statuses.set(A, status(1, 2));
  scene.write(A, { entries: log() });

  scene.clockMs = EXPIRE_MS;
  checker.share(A, first);
  expect(scene.said).toEqual(['ReleasedShare']);
});

test('ReleasedShare reports a message of a session that no log knows', () => {
  const checker = new ReleasedShare(attemptsOf([]), scene, scene.report);

  checker.contribution(A, first, keygen.kinds.commit);
  expect(scene.said).toEqual(['ReleasedShare']);
});

/** Closed for `reason`, or open. */
function task(reason: number | undefined): TaskRecord {
  if (reason === undefined) return TaskRecord.fromPartial({ taskId: 'one', createTimeMs: 5n });
  const outcome = { $case: 'failed', value: { reason: String(reason) } } as const;
  const endTimeMs = outcome === undefined ? 0n : 9n;
  const requester = 'somebody';
  return TaskRecord.fromPartial({ taskId: 'one', requester, createTimeMs: 5n, endTimeMs, outcome });
}

function write(record: TaskRecord): Write[] {
  return [[utf8(`task/${record.taskId}`), encode(TaskRecord, record)]];
}

test('Outcomes reports an outcome that differs between nodes', () => {
  const checker = new Outcomes(scene.report);

  checker.persisted(A, write(task(undefined)));
  checker.persisted(A, write(task(1)));
  checker.persisted(B, write(task(1)));
  expect(scene.said).toEqual([]);

  checker.persisted(B, write(task(2)));
  expect(scene.said).toEqual(['Outcomes']);
});

test('Outcomes reports an outcome that vanishes', () => {
  const checker = new Outcomes(scene.report);

  checker.persisted(A, write(task(1)));
  checker.persisted(A, write(task(undefined)));
  expect(scene.said).toEqual(['Outcomes']);
});

test('Outcomes reports a closed task that is forgotten', () => {
  const checker = new Outcomes(scene.report);

  checker.persisted(A, write(task(1)));
  checker.persisted(A, [[utf8('task/one'), undefined]]);
  expect(scene.said).toEqual(['Outcomes']);
});

test('Outcomes lets go of a closed task that nobody asked for', () => {
  const checker = new Outcomes(scene.report);
  checker.persisted(A, write({ ...task(1), requester: '' }));
  checker.persisted(A, [[utf8('task/one'), undefined]]);
  expect(scene.said).toEqual([]);
});

test('Outcomes reports a client that got another answer', () => {
  const checker = new Outcomes(scene.report);

  checker.acknowledged(task(1));
  checker.persisted(A, write(task(2)));
  expect(scene.said).toEqual(['Outcomes']);
});

test('Outcomes takes another recorded outcome than an answer that was given before it', () => {
  const checker = new Outcomes(scene.report);

  checker.acknowledged({ ...task(1), endTimeMs: 0n });
  checker.persisted(A, write(task(2)));
  expect(scene.said).toEqual([]);
});

/** An answer to the first request of the log that no log has recorded. */
function answer(signers: readonly string[], requestHash = new Uint8Array(0)): TaskRecord {
  const value = encode(SignatureResult, SignatureResult.fromPartial({ signers: [...signers] }));
  const taskId = 'spiffe://quorate/app/one/request-1';
  const outcome = { $case: 'result', value } as const;
  return TaskRecord.fromPartial({ taskId, kind: 'sign', requestHash, outcome });
}

test('Answers takes a signature of an attempt that its node has applied, before it is recorded', () => {
  const checker = new Answers(attemptsOf(log()), scene, scene.report);
  scene.write(B, { entries: log() });
  scene.statuses.set(B, status(1, 2, undefined, 2));

  checker.acknowledged(B, answer([A]));
  expect(scene.said).toEqual([]);
});

test.each([
  ['is not applied there', [A], undefined, 0],
  ['other signers made', [C], undefined, 2],
  ['is of another request', [A], Uint8Array.of(1), 2],
])('Answers reports a signature of an attempt that %s', (_, signers, requestHash, applied) => {
  const checker = new Answers(attemptsOf(log()), scene, scene.report);
  scene.write(B, { entries: log() });
  scene.statuses.set(B, status(1, 2, undefined, applied));

  checker.acknowledged(B, answer(signers, requestHash));
  expect(scene.said).toEqual(['Answers']);
});

test('Answers reports an answer of another kind that no log has recorded', () => {
  const checker = new Answers(attemptsOf(log()), scene, scene.report);

  checker.acknowledged(B, { ...answer([A]), kind: 'generate-key' });
  checker.acknowledged(B, { ...answer([A]), kind: 'generate-key', endTimeMs: 9n });
  expect(scene.said).toEqual(['Answers']);
});

test('HeldResults reports a task that a node gives up while it holds its result, until it restarts', () => {
  const checker = new HeldResults(scene.report);

  checker.remarked(A, 'gives a task up', { task: 'one' });
  checker.remarked(A, 'holds a result', { task: 'one' });
  checker.remarked(B, 'gives a task up', { task: 'one' });
  checker.remarked(A, 'gives a task up', { task: 'two' });
  checker.restarted(A);
  checker.remarked(A, 'gives a task up', { task: 'one' });
  expect(scene.said).toEqual([]);

  checker.remarked(A, 'holds a result', { task: 'one' });
  checker.remarked(A, 'gives a task up', { task: 'one' });
  expect(scene.said).toEqual(['HeldResults']);
});

function key(publicKey: number): ActiveKey {
  return keyWith({
    keyId: 'one',
    threshold: 2,
    baseVersion: 0,
    version: 1,
    sessionId: Uint8Array.of(1),
    publicKey: Uint8Array.of(publicKey),
    participants: scene.nodes.map((nodeId) => ({ nodeId, identityKey: new Uint8Array(32) })),
  });
}

function keyWrite(record: ActiveKey): Write[] {
  return [writeOf(record)];
}

test('KeyKept reports a key of which a participant has no durable share', async () => {
  const holders = new Set([A, B]);
  const shares = { has: (node: typeof A) => holders.has(node), makeKey: async () => true };
  const checker = new KeyKept(shares, scene.report);

  checker.persisted(A, keyWrite(key(1)));
  await checker.prove();
  expect(scene.said).toEqual(['KeyKept']);

  holders.add(C);
  await checker.proveAll();
  expect(scene.said).toEqual(['KeyKept']);
});

test('KeyKept reports a share that is erased, unless its node’s log gives it up', async () => {
  const holders = new Set([A, B, C]);
  const shares = { has: (node: typeof A) => holders.has(node), makeKey: async () => true };
  const checker = new KeyKept(shares, scene.report);
  const record = key(1);
  checker.persisted(A, keyWrite(record));
  await checker.prove();

  holders.delete(A);
  checker.shareErased(A, record.keyId, toHex(record.sessionId), true);
  expect(checker.unproved).toBe(true);
  await checker.prove();
  expect(scene.said).toEqual([]);

  holders.delete(B);
  checker.shareErased(B, record.keyId, toHex(record.sessionId), false);
  await checker.prove();
  expect(scene.said).toEqual(['KeyKept']);
});

test('KeyKept reports shares that do not make the key', async () => {
  const checker = new KeyKept({ has: () => true, makeKey: async () => false }, scene.report);

  checker.persisted(A, keyWrite(key(1)));
  await checker.prove();
  expect(scene.said).toEqual(['KeyKept']);
});

test('KeyKept reports a key that becomes another key', () => {
  const checker = new KeyKept({ has: () => true, makeKey: async () => true }, scene.report);

  checker.persisted(A, keyWrite(key(1)));
  checker.persisted(B, keyWrite(key(1)));
  expect(scene.said).toEqual([]);

  checker.persisted(B, keyWrite(key(2)));
  expect(scene.said).toEqual(['KeyKept']);
});

/** The next version of the key, in a session of its own. */
function next(fields: Partial<ActiveKey> = {}): ActiveKey {
  return { ...key(1), version: 2, baseVersion: 1, sessionId: Uint8Array.of(2), ...fields };
}

test('KeyKept takes a next version of the same public key for the same key, and proves it', async () => {
  const proved: number[] = [];
  const makeKey = async ({ version }: ActiveKey): Promise<boolean> => {
    proved.push(version);
    return true;
  };
  const checker = new KeyKept({ has: () => true, makeKey }, scene.report);

  checker.persisted(A, keyWrite(key(1)));
  checker.persisted(A, keyWrite(next()));
  // A node that is behind.
  checker.persisted(B, keyWrite(key(1)));
  checker.persisted(B, keyWrite(next()));
  await checker.prove();
  await checker.proveAll();
  expect(scene.said).toEqual([]);
  expect(proved).toEqual([1, 2, 2]);
});

test.each([
  ['another public key', next({ publicKey: Uint8Array.of(2) })],
  ['another chain code', next({ chainCode: Uint8Array.of(2) })],
  ['another base than the version before', next({ version: 3 })],
])('KeyKept reports a next version with %s', (_, other) => {
  const checker = new KeyKept({ has: () => true, makeKey: async () => true }, scene.report);

  checker.persisted(A, keyWrite(key(1)));
  checker.persisted(A, keyWrite(other));
  expect(scene.said).toEqual(['KeyKept']);
});

test('KeyKept reports one version that is two sharings, and a node that goes back to an earlier one', () => {
  const checker = new KeyKept({ has: () => true, makeKey: async () => true }, scene.report);

  checker.persisted(A, keyWrite(key(1)));
  checker.persisted(A, keyWrite(next()));
  checker.persisted(B, keyWrite(next({ sessionId: Uint8Array.of(3) })));
  expect(scene.said).toEqual(['KeyKept']);

  checker.persisted(A, keyWrite(key(1)));
  expect(scene.said).toEqual(['KeyKept', 'KeyKept']);
});
