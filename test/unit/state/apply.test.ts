import { describe, expect, test } from '@jest/globals';
import { toHex, utf8 } from '../../../src/common/index.js';
import { BUILD_LEVEL, sessionIdOf } from '../../../src/identity/index.js';
import {
  encodeCommand,
  generatedKeyOf,
  METHODS,
  signatureOf,
  suppliesOf,
} from '../../../src/state/index.js';
import { Algorithm } from '../../../src/wire/index.js';
import {
  APP,
  bootOf,
  fill,
  GENESIS_MS,
  Ledger,
  OPERATOR,
  NODES,
  sealOf,
  signRequest,
  supply,
  testGenesis,
} from '../../support/builders/ledger.js';
import type { AppliedEntry } from '../../support/builders/ledger.js';

const refusalOf = (applied: AppliedEntry): string | undefined =>
  applied.decision?.result.kind === 'refused' ? applied.decision.result.refusal.reason : undefined;

const OTHER = 'spiffe://quorate/app/other';

const opened = (applied: AppliedEntry): string => {
  if (applied.decision?.result.kind !== 'opened')
    throw new Error(`not opened: ${refusalOf(applied)}`);
  return applied.decision.result.task;
};

describe('generating a key', () => {
  test('a request to generate a key opens a task and reserves the key id; the last equal ready activates the key', () => {
    const ledger = new Ledger();
    const id = opened(ledger.generate('treasury'));
    ledger.attempt(ledger.task(id));

    for (const node of NODES.slice(0, 2)) {
      ledger.command({ $case: 'ready', value: ledger.ready(ledger.task(id), node) });
    }
    expect(ledger.ask.key('treasury')).toBeUndefined();
    ledger.command({ $case: 'ready', value: ledger.ready(ledger.task(id), 'node-3') });

    const key = ledger.ask.key('treasury');
    expect(key?.version).toBe(1);
    expect(key?.ready.map(({ nodeId }) => nodeId)).toEqual(NODES);
    expect(generatedKeyOf(ledger.task(id))).toMatchObject({ keyVersion: 1 });
    expect(ledger.ask.installing()).toEqual(['treasury']);
    for (const node of NODES) {
      ledger.command({ $case: 'installed', value: ledger.installed('treasury', node) });
    }
    expect(ledger.ask.installing()).toEqual([]);
  });

  test('the session id of an attempt is made from the hash of the entry that opened it', () => {
    const ledger = new Ledger();
    const id = opened(ledger.generate('treasury'));
    ledger.attempt(ledger.task(id));
    const [attempt] = ledger.task(id).attempts;
    const twin = new Ledger();
    opened(twin.generate('treasury'));
    const { entry } = twin.append(
      'command',
      encodeCommand({ $case: 'attempt', value: attempt?.attempt ?? fail() }),
    );
    expect(toHex(attempt?.sessionId ?? fill(0))).toBe(
      sessionIdOf(twin.rules.genesis.clusterId, entry.hash),
    );
  });

  test('a second request for a reserved or existing key id is refused', () => {
    const ledger = new Ledger();
    opened(ledger.generate('treasury'));
    expect(refusalOf(ledger.generate('treasury', { requestId: 'other' }))).toBe('KEY_EXISTS');
    ledger.activeKey('hot');
    expect(refusalOf(ledger.generate('hot', { requestId: 'other' }))).toBe('KEY_EXISTS');
  });

  test.each([
    ['of eight items is kept', Array.from({ length: 8 }, () => fill(1, 12_288)), true],
    ['of nine items is refused', Array.from({ length: 9 }, () => fill(1)), false],
    ['above 176 KiB is refused', [fill(1, 90_112), fill(1, 90_113)], false],
    ['of 176 KiB is kept', [fill(1, 90_112), fill(1, 90_112)], true],
    ['above 96 KiB is refused below level 3', [fill(1, 49_152), fill(1, 49_153)], false, 2],
    ['of 96 KiB is kept below level 3', [fill(1, 49_152), fill(1, 49_152)], true, 2],
  ])('the evidence of a failed key generation %s', (_, evidence, kept, level = BUILD_LEVEL) => {
    const ledger = new Ledger(testGenesis({ level }));
    const taskId = opened(ledger.generate('treasury'));
    const value = { taskId, reason: 'CULPRIT_PROVED', evidence };
    const applied = ledger.command({ $case: 'failed', value });
    expect(applied.alarm === undefined).toBe(kept);
    const { outcome } = ledger.task(taskId);
    expect(outcome?.$case === 'failed' ? outcome.value.evidence : []).toEqual(kept ? evidence : []);
  });

  test('a failed key generation frees its key id', () => {
    const ledger = new Ledger();
    const taskId = opened(ledger.generate('treasury'));
    ledger.command({
      $case: 'failed',
      value: { taskId, reason: 'ATTEMPTS_EXHAUSTED', evidence: [] },
    });
    expect(ledger.task(taskId).outcome?.$case).toBe('failed');
    opened(ledger.generate('treasury', { requestId: 'again' }));
  });

  test.each([
    ['another session', { sessionId: fill(9) }],
    ['another request', { requestHash: fill(9) }],
    ['another threshold', { threshold: 3 }],
    ['a longer polynomial', { publicPolynomial: [fill(1), fill(2), fill(3)] }],
    ['a point of another length', { publicPolynomial: [fill(1), fill(2, 33)] }],
    ['a base version', { baseVersion: 1 }],
    ['another version', { version: 2 }],
    ['a signature of somebody else', { signature: sealOf(fill(7), fill(7)) }],
    ['fewer participants', { participants: [{ nodeId: 'node-1', identityKey: fill(1) }] }],
  ])('a ready statement with %s does not count', (_, wrong) => {
    const ledger = new Ledger();
    const id = opened(ledger.generate('treasury'));
    ledger.attempt(ledger.task(id));
    const before = ledger.task(id);
    const applied = ledger.command({
      $case: 'ready',
      value: ledger.ready(ledger.task(id), 'node-1', wrong),
    });
    expect(applied.changedTasks).toEqual([]);
    expect(ledger.task(id)).toEqual(before);
  });

  test('the first ready of a node counts, and a ready that differs from the others never activates a key', () => {
    const ledger = new Ledger();
    const id = opened(ledger.generate('treasury'));
    ledger.attempt(ledger.task(id));
    ledger.command({
      $case: 'ready',
      value: ledger.ready(ledger.task(id), 'node-1', { digest: fill(9) }),
    });
    for (const node of NODES) {
      ledger.command({ $case: 'ready', value: ledger.ready(ledger.task(id), node) });
    }
    expect(ledger.task(id).ready).toHaveLength(3);
    expect(ledger.ask.key('treasury')).toBeUndefined();
  });

  test('a new attempt of a key generation drops the ready of the attempt before', () => {
    const ledger = new Ledger();
    const id = opened(ledger.generate('treasury'));
    ledger.attempt(ledger.task(id));
    const old = NODES.map((node) => ledger.ready(ledger.task(id), node));
    ledger.command({ $case: 'ready', value: old[0] ?? fail() });
    ledger.attempt(ledger.task(id));
    expect(ledger.task(id).ready).toEqual([]);
    for (const value of old) ledger.command({ $case: 'ready', value });
    expect(ledger.task(id).ready).toEqual([]);
  });

  test('an attempt without one of the participants is void', () => {
    const ledger = new Ledger();
    const taskId = opened(ledger.generate('treasury'));
    const nodes = NODES.slice(0, 2).map((nodeId) => ({ nodeId, boot: bootOf(nodeId) }));
    const applied = ledger.command({
      $case: 'attempt',
      value: {
        taskId,
        number: 1,
        version: 1,
        sharingSession: new Uint8Array(0),
        requestHash: ledger.task(taskId).requestHash,
        assignment: { $case: 'boots', value: { nodes } },
        auxiliary: undefined,
        dealers: [],
      },
    });
    expect(applied.alarm).toBeDefined();
    expect(ledger.task(taskId).attempts).toEqual([]);
  });

  test.each([
    ['a stranger', { participants: ['node-1', 'node-9'], allowNoRedundancy: true }, 'NOT_A_MEMBER'],
    ['threshold 1', { threshold: 1 }, 'INVALID_THRESHOLD'],
    ['threshold above n', { threshold: 4 }, 'INVALID_THRESHOLD'],
    ['no redundancy', { threshold: 3 }, 'NO_REDUNDANCY'],
    ['no algorithm', { algorithm: Algorithm.UNSPECIFIED }, 'ALGORITHM_UNSUPPORTED'],
    ['a node twice', { participants: ['node-1', 'node-1'] }, 'DUPLICATE_PARTICIPANT'],
  ])('a request to generate a key with %s is refused and leaves no trace', (_, wrong, reason) => {
    const ledger = new Ledger();
    expect(refusalOf(ledger.generate('treasury', wrong))).toBe(reason);
    expect(ledger.ask.tasks('', 10, false)).toEqual([]);
    expect(ledger.ask.totals().taskCount).toBe(0);
  });

  test('an app may generate a key, and an auditor may not', () => {
    const ledger = new Ledger();
    opened(ledger.generate('treasury', { requester: APP }));
    const auditor = 'spiffe://quorate/auditor/eve';
    expect(refusalOf(ledger.generate('other', { requester: auditor }))).toBe('ROLE_FORBIDDEN');
  });

  test('the genesis bounds open generations and keys', () => {
    const ledger = new Ledger(testGenesis({ keysMax: 1 }));
    ledger.activeKey('one');
    expect(refusalOf(ledger.generate('two'))).toBe('TOO_MANY_KEYS');
    const busy = new Ledger();
    for (const key of ['a', 'b', 'c', 'd']) opened(busy.generate(key));
    expect(refusalOf(busy.generate('e'))).toBe('TOO_MANY_TASKS');
  });
});

describe('signing', () => {
  test('a request to sign opens a task with its first attempt, and done closes it with its first result', () => {
    const ledger = new Ledger();
    ledger.activeKey('treasury');
    const probe = new Ledger();
    probe.activeKey('treasury');
    const taskId = opened(probe.sign('treasury', 'one'));

    const firstAttempt = ledger.signAttempt('treasury', taskId, 1);
    const applied = ledger.sign('treasury', 'one', { firstAttempt });
    expect(opened(applied)).toBe(taskId);
    expect(applied.named).toHaveLength(2);
    expect(ledger.task(taskId).attempts).toHaveLength(1);

    ledger.command({ $case: 'done', value: { taskId, attempt: 1, material: fill(8, 64) } });
    ledger.command({ $case: 'done', value: { taskId, attempt: 1, material: fill(9, 64) } });
    expect(signatureOf(ledger.task(taskId))).toMatchObject({
      signature: fill(8, 64),
      signers: ['node-1', 'node-2'],
    });
    expect(ledger.ask.totals().open).toEqual([]);
    expect(ledger.task(taskId).request).toEqual(new Uint8Array(0));
  });

  test('a malformed first attempt still opens the task, without an attempt, and uses up its supplies', () => {
    const ledger = new Ledger();
    ledger.activeKey('treasury');
    const wrong = ledger.signAttempt('treasury', 'another-task', 1);
    const applied = ledger.sign('treasury', 'one', { firstAttempt: wrong });
    expect(ledger.task(opened(applied)).attempts).toEqual([]);
    expect(applied.named).toHaveLength(2);
  });

  test.each([
    ['a subset of the signers', [supply('node-1', 1)]],
    ['a signer twice', [supply('node-1', 1), supply('node-1', 2)]],
    ['unsorted signers', [supply('node-2', 1), supply('node-1', 1)]],
    ['a stranger', [supply('node-1', 1), supply('node-99', 1)]],
    ['one signer too many', NODES.map((node) => supply(node, 1))],
    [
      'a short commitment',
      [supply('node-1', 1), supply('node-2', 1, { parts: [fill(5, 31), fill(6)] })],
    ],
    ['one part too few', [supply('node-1', 1), supply('node-2', 1, { parts: [fill(5)] })]],
    [
      'one part too many',
      [supply('node-1', 1), supply('node-2', 1, { parts: [fill(5), fill(6), fill(7)] })],
    ],
    ['a short boot', [supply('node-1', 1), supply('node-2', 1, { boot: fill(5, 15) })]],
    ['counter 0', [supply('node-1', 0), supply('node-2', 1)]],
    ['a counter beyond what a number holds', [supply('node-1', 2 ** 53), supply('node-2', 1)]],
  ])('an attempt with %s is void, and its commitments are used up all the same', (_, supplies) => {
    const ledger = new Ledger();
    ledger.activeKey('treasury');
    const taskId = opened(ledger.sign('treasury', 'one'));
    const value = ledger.signAttempt('treasury', taskId, 1, {
      assignment: { $case: 'supplies', value: { supplies } },
    });
    const applied = ledger.command({ $case: 'attempt', value });
    expect(applied.alarm).toBeDefined();
    expect(applied.named).toEqual(supplies);
    expect(ledger.task(taskId).attempts).toEqual([]);
  });

  test.each([
    [Algorithm.FROST_ED25519_SHA512, 32, 32, 64],
    [Algorithm.FROST_SECP256K1_SHA256, 33, 33, 65],
    [Algorithm.FROST_SECP256K1_TAPROOT, 33, 32, 64],
    [Algorithm.FROST_P256_SHA256, 33, 33, 65],
  ])('for algorithm %i only its own lengths count', (algorithm, point, publicKey, signature) => {
    const ledger = new Ledger();
    const made = opened(ledger.generate('treasury', { algorithm }));
    ledger.attempt(ledger.task(made));
    const say = (node: string, points: number, key: number) => {
      const publicPolynomial = [fill(1, points), fill(2, points)];
      const more = { algorithm, publicPolynomial, publicKey: fill(1, key) };
      ledger.command({ $case: 'ready', value: ledger.ready(ledger.task(made), node, more) });
    };
    say('node-1', 65 - point, publicKey);
    say('node-1', point, publicKey + 1);
    expect(ledger.task(made).ready).toEqual([]);
    for (const node of NODES) say(node, point, publicKey);
    expect(ledger.ask.key('treasury')).toMatchObject({ algorithm, publicKey: fill(1, publicKey) });

    const taskId = opened(ledger.sign('treasury', 'one'));
    const attempt = (hiding: number, binding: number) => {
      const points = { parts: [fill(5, hiding), fill(6, binding)] };
      const supplies = [supply('node-1', 1, points), supply('node-2', 1, points)];
      const assignment = { $case: 'supplies' as const, value: { supplies } };
      const value = ledger.signAttempt('treasury', taskId, 1, { assignment });
      return ledger.command({ $case: 'attempt', value }).alarm;
    };
    expect(attempt(65 - point, point)).toBeDefined();
    expect(attempt(point, 65 - point)).toBeDefined();
    expect(attempt(point, point)).toBeUndefined();
    const done = (bytes: number) => {
      const value = { taskId, attempt: 1, material: fill(8, bytes) };
      return ledger.command({ $case: 'done', value }).alarm;
    };
    expect(done(129 - signature)).toBeDefined();
    expect(done(signature)).toBeUndefined();
  });

  test.each([
    ['of another version', { version: 2 }],
    ['of another sharing', { sharingSession: fill(9) }],
    ['for another request', { requestHash: fill(9) }],
    ['out of order', { number: 2 }],
  ])('an attempt %s is void', (_, wrong) => {
    const ledger = new Ledger();
    ledger.activeKey('treasury');
    const taskId = opened(ledger.sign('treasury', 'one'));
    ledger.command({ $case: 'attempt', value: ledger.signAttempt('treasury', taskId, 1, wrong) });
    expect(ledger.task(taskId).attempts).toEqual([]);
  });

  test('attempts to sign stay valid beside each other, at most 8', () => {
    const ledger = new Ledger();
    ledger.activeKey('treasury');
    const taskId = opened(ledger.sign('treasury', 'one'));
    for (let number = 1; number <= 9; number++) {
      ledger.command({ $case: 'attempt', value: ledger.signAttempt('treasury', taskId, number) });
    }
    expect(ledger.task(taskId).attempts.flatMap(({ attempt }) => suppliesOf(attempt))).toHaveLength(
      16,
    );
  });

  test.each([
    ['a signature of 63 bytes', { attempt: 1, material: fill(8, 63) }],
    ['an attempt that was never made', { attempt: 2, material: fill(8, 64) }],
  ])('done with %s changes nothing', (_, wrong) => {
    const ledger = new Ledger();
    ledger.activeKey('treasury');
    const taskId = opened(ledger.sign('treasury', 'one'));
    ledger.command({ $case: 'attempt', value: ledger.signAttempt('treasury', taskId, 1) });
    const applied = ledger.command({ $case: 'done', value: { taskId, ...wrong } });
    expect(applied.alarm).toBeDefined();
    expect(ledger.task(taskId).outcome).toBeUndefined();
  });

  test('an owner and named signers may sign; another app may not know whether the key exists', () => {
    const ledger = new Ledger();
    const friend = 'spiffe://quorate/app/friend';
    const stranger = 'spiffe://quorate/app/stranger';
    ledger.activeKey('treasury', { requester: APP, allowedSigners: [friend] });
    opened(ledger.sign('treasury', 'one', { requester: APP }));
    opened(ledger.sign('treasury', 'one', { requester: friend }));
    expect(refusalOf(ledger.sign('treasury', 'one', { requester: stranger }))).toBe(
      'KEY_FORBIDDEN',
    );
    expect(refusalOf(ledger.sign('nothing', 'one', { requester: stranger }))).toBe('KEY_FORBIDDEN');
    expect(refusalOf(ledger.sign('nothing', 'two'))).toBe('KEY_NOT_FOUND');
  });
});

/** A cluster with a key of an app's. */
function cluster(more: { level?: number; operatorsSign?: boolean } = {}): Ledger {
  const ledger = new Ledger(testGenesis(more));
  ledger.activeKey('treasury', { requester: APP });
  return ledger;
}

describe('an operator', () => {
  test('an operator signs with a key that it owns or that names it, and with no other', () => {
    const ledger = cluster();
    ledger.activeKey('own');
    ledger.activeKey('named', { requester: APP, allowedSigners: [OPERATOR] });
    opened(ledger.sign('own', 'one'));
    opened(ledger.sign('named', 'two'));
    const refused = ledger.sign('treasury', 'three').decision?.result;
    expect(refused).toMatchObject({
      kind: 'refused',
      refusal: {
        code: 'forbidden',
        reason: 'OPERATOR_MAY_NOT_SIGN',
        message: expect.stringContaining(`belongs to ${APP}`),
        facts: { owner: APP },
      },
    });
  });

  test('an operator may know that a key does not exist', () => {
    expect(refusalOf(cluster().sign('nothing', 'one'))).toBe('KEY_NOT_FOUND');
  });

  test('an operator signs with every key where the genesis says so', () => {
    expect(opened(cluster({ operatorsSign: true }).sign('treasury', 'one'))).toHaveLength(26);
  });

  test('an operator signs with every key in a state of level 1', () => {
    expect(opened(cluster({ level: 1 }).sign('treasury', 'one'))).toHaveLength(26);
  });
});

test('an entry may have ids of any text and length: unknown ids match nothing, and no store is read for them', () => {
  const ledger = new Ledger();
  ledger.activeKey('treasury');
  const long = 'a'.repeat(100_000);
  const [taskId = ''] = ledger.generate('cold').changedTasks;
  ledger.attempt(ledger.task(taskId));
  const said = ledger.ready(ledger.task(taskId), 'node-1');
  const ready = { ...said, sharing: { ...said.sharing, keyId: long, sessionId: utf8(long) } };
  const installed = { ...ledger.installed('treasury', 'node-1'), keyId: long };
  const stateOf = () => [...ledger.state.scan('')].filter(([key]) => key !== 'totals');
  const totalsOf = () => ({ ...ledger.ask.totals(), entryHash: undefined });
  const before = { state: stateOf(), totals: totalsOf() };

  ledger.command({ $case: 'attempt', value: ledger.signAttempt('treasury', long, 1) });
  ledger.command({ $case: 'done', value: { taskId: long, attempt: 1, material: fill(8, 64) } });
  ledger.command({ $case: 'failed', value: { taskId: long, reason: 'NO', evidence: [] } });
  ledger.command({ $case: 'ready', value: ready });
  ledger.command({ $case: 'installed', value: installed });

  expect({ state: stateOf(), totals: totalsOf() }).toEqual(before);
  expect(ledger.ask.key(long)).toBeUndefined();
  expect(ledger.ask.task('../../\u0000')).toBeUndefined();
});

describe('request ids', () => {
  test('a repeated request is known, whatever the clock says; other content under its id is refused', () => {
    const ledger = new Ledger();
    ledger.activeKey('treasury');
    const taskId = opened(ledger.sign('treasury', 'one'));
    ledger.timeMs += 3_000_000;
    const again = ledger.sign('treasury', 'one', { expireTimeMs: GENESIS_MS });
    expect(again.decision?.result).toEqual({ kind: 'known', task: taskId });
    expect(refusalOf(ledger.sign('treasury', 'one', { message: utf8('other') }))).toBe(
      'REQUEST_ID_REUSED',
    );
  });

  test('the same request id of two requesters names two tasks', () => {
    const ledger = new Ledger();
    ledger.activeKey('treasury', { requester: APP, allowedSigners: [OTHER] });
    const one = opened(ledger.sign('treasury', 'one', { requester: APP }));
    expect(
      opened(ledger.sign('treasury', 'one', { message: utf8('other'), requester: OTHER })),
    ).not.toBe(one);
  });

  test('a request id is forgotten an hour after the outcome, and not before', () => {
    const ledger = new Ledger();
    ledger.activeKey('treasury');
    const taskId = opened(ledger.sign('treasury', 'one'));
    ledger.command({ $case: 'failed', value: { taskId, reason: 'REQUEST_EXPIRED', evidence: [] } });
    ledger.timeMs += 3_599_999;
    opened(ledger.sign('treasury', 'two'));
    expect(ledger.ask.task(taskId)).toBeDefined();
    ledger.timeMs += 1;
    opened(ledger.sign('treasury', 'three'));
    expect(ledger.ask.task(taskId)).toBeUndefined();
  });

  test('a request is refused when the cluster remembers no more request ids', () => {
    const ledger = new Ledger(testGenesis({ requestIdsMax: 2 }));
    ledger.activeKey('treasury');
    opened(ledger.sign('treasury', 'one'));
    expect(refusalOf(ledger.sign('treasury', 'two'))).toBe('TOO_MANY_REQUESTS');
    // Access comes first: a stranger does not learn how full the cluster is.
    expect(refusalOf(ledger.sign('treasury', 'two', { requester: APP }))).toBe('KEY_FORBIDDEN');
  });
});

describe('authority', () => {
  test('a request is valid before its expiry, and not at it', () => {
    const ledger = new Ledger();
    ledger.activeKey('treasury');
    expect(refusalOf(ledger.sign('treasury', 'one', { expireTimeMs: ledger.timeMs }))).toBe(
      'REQUEST_EXPIRED',
    );
    opened(ledger.sign('treasury', 'one', { expireTimeMs: ledger.timeMs + 1 }));
    const far = ledger.timeMs + 605_001;
    expect(refusalOf(ledger.sign('treasury', 'two', { expireTimeMs: far }))).toBe('EXPIRY_TOO_FAR');
  });

  test('a voucher of no member, or over other bytes, is refused', () => {
    const ledger = new Ledger();
    ledger.activeKey('treasury');
    expect(refusalOf(ledger.sign('treasury', 'one', { node: 'node-9' }))).toBe('INVALID_VOUCHER');
    const request = ledger.request(METHODS.sign, signRequest('treasury', 'one', utf8('pay 1')));
    const altered = { ...request, request: signRequest('treasury', 'one', utf8('pay 9')) };
    expect(refusalOf(ledger.command({ $case: 'request', value: altered }))).toBe('INVALID_VOUCHER');
  });

  test('a voucher is refused where the genesis takes only signed requests', () => {
    const ledger = new Ledger(testGenesis({ unsigned: false }));
    expect(refusalOf(ledger.generate('treasury'))).toBe('SIGNATURE_REQUIRED');
  });
});

function fail(): never {
  throw new Error('nothing there');
}
