import { beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import {
  keyRetiredOf,
  METHODS,
  parseRequest,
  recordOfKey,
  stageOf,
  TASK_KINDS,
} from '../../../src/state/index.js';
import type { ActiveKey } from '../../../src/state/index.js';
import { encode, KeyRecord, RetireKeyRequest } from '../../../src/wire/index.js';
import { apply, decided, KeyOrders } from '../../support/builders/key-orders.js';
import { APP, Ledger } from '../../support/builders/ledger.js';

const DAY = 24 * 3600 * 1000;

let orders: KeyOrders;
let ledger: Ledger;
beforeAll(async () => {
  orders = await KeyOrders.create();
});
beforeEach(() => {
  ledger = orders.ledger();
  ledger.activeKey('treasury', { requester: APP });
  ledger.activeKey('other', { requester: APP });
});

function key(id = 'treasury'): ActiveKey {
  const found = ledger.ask.key(id);
  if (found === undefined) throw new Error(`no key ${id}`);
  return found;
}

const retire = (more = {}): string | undefined =>
  decided(apply(ledger, orders.retire(ledger, 'treasury', more)));
const restore = (more = {}): string | undefined =>
  decided(apply(ledger, orders.restore(ledger, 'treasury', more)));
const sign = (id: string, keyId = 'treasury'): string | undefined =>
  decided(ledger.sign(keyId, id, { requester: APP }));

describe('a key that is retired', () => {
  test('a retired key takes no request to sign, and other keys do', () => {
    expect(sign('before')).toBe('opened');
    expect(retire()).toBe('opened');
    expect(stageOf(key())).toBe('retired');

    expect(sign('after')).toBe('KEY_RETIRED');
    expect(sign('after', 'other')).toBe('opened');
  });

  test('the entry that retires a key closes its open signatures as failed, and those of no other key', () => {
    const [ours = ''] = ledger.sign('treasury', 'one', { requester: APP }).changedTasks;
    const [second = ''] = ledger.sign('treasury', 'two', { requester: APP }).changedTasks;
    const [theirs = ''] = ledger.sign('other', 'three', { requester: APP }).changedTasks;
    ledger.command({ $case: 'attempt', value: ledger.signAttempt('treasury', ours, 1) });

    const applied = apply(ledger, orders.retire(ledger, 'treasury'));

    const failed = { $case: 'failed', value: { reason: 'KEY_RETIRED', evidence: [] } };
    expect(ledger.task(ours).outcome).toEqual(failed);
    expect(ledger.task(second).outcome).toEqual(failed);
    expect(ledger.task(theirs).outcome).toBeUndefined();
    expect(applied.changedTasks).toEqual(expect.arrayContaining([ours, second]));
    expect(applied.changedTasks).not.toContain(theirs);
    expect(applied.changedKeys).toEqual(['treasury']);
    expect(applied.events).toContainEqual({
      type: 'key-stage-changed',
      key: 'treasury',
      stage: 'retired',
    });
    expect(ledger.ask.totals().open).toEqual([{ kind: 'sign', count: 1 }]);
  });

  test('a leader’s attempt and result for a signature of a retired key change nothing', () => {
    const [task = ''] = ledger.sign('treasury', 'one', { requester: APP }).changedTasks;
    ledger.command({ $case: 'attempt', value: ledger.signAttempt('treasury', task, 1) });
    retire();
    const before = ledger.task(task);

    ledger.command({ $case: 'attempt', value: ledger.signAttempt('treasury', task, 2) });
    const done = { taskId: task, attempt: 1, material: new Uint8Array(64) };
    ledger.command({ $case: 'done', value: done });

    expect(ledger.task(task)).toEqual(before);
  });

  test('the task of a retirement says until when the key can be restored for certain: 7 days unless asked', () => {
    const [task = ''] = apply(ledger, orders.retire(ledger, 'treasury')).changedTasks;
    const untilMs = BigInt(ledger.timeMs + 7 * DAY);
    const ended = ledger.ask.tasks('', 99, false).find(({ kind }) => kind === 'retire-key');
    expect(ended && keyRetiredOf(ended)).toEqual({ recoverableUntilMs: untilMs });
    expect(task).not.toBe('');
    expect(key().lifecycle).toMatchObject({
      retireTimeMs: BigInt(ledger.timeMs),
      recoverableUntilMs: untilMs,
    });
  });

  test('the proof of a retirement stays in the state, and its record reads back', () => {
    const request = orders.retire(ledger, 'treasury', { seconds: 3600 });
    apply(ledger, request);
    const record = recordOfKey(key());
    expect(record.lifecycle?.retiredBy).toEqual(request);
    expect(KeyRecord.decode(encode(KeyRecord, record))).toEqual(record);
  });

  test('a key is retired once: another request is refused, and the same one is known', () => {
    expect(retire({ requestId: 'r' })).toBe('opened');
    expect(retire()).toBe('KEY_RETIRED');
    expect(retire({ requestId: 'r' })).toBe('known');
  });

  test('a key whose certificate is not complete can be retired and restored', () => {
    const [task = ''] = ledger.generate('young', { requester: APP }).changedTasks;
    ledger.attempt(ledger.task(task));
    for (const node of ['node-1', 'node-2', 'node-3'])
      ledger.command({ $case: 'ready', value: ledger.ready(ledger.task(task), node) });
    expect(stageOf(key('young'))).toBe('pending');
    apply(ledger, orders.retire(ledger, 'young'));
    expect(stageOf(key('young'))).toBe('retired');
    apply(ledger, orders.restore(ledger, 'young'));
    expect(stageOf(key('young'))).toBe('pending');
  });
});

describe('a key that is restored', () => {
  test('a restored key signs again, and its record is as before', () => {
    const before = recordOfKey(key());
    retire();
    expect(restore()).toBe('opened');
    expect(recordOfKey(key())).toEqual(before);
    expect(sign('again')).toBe('opened');
  });

  test('a key in use is not restored', () => {
    expect(restore()).toBe('KEY_NOT_RETIRED');
  });
});

describe('the authority to end a key', () => {
  test('the owner may retire and restore its key, and no other app, though it may sign with it', () => {
    const { owner, stranger } = orders;
    const guest = { requester: APP, allowedSigners: [stranger.spiffeId] };
    ledger.activeKey('shared', guest);
    const asked = (by: typeof owner, keyId: string): string | undefined =>
      decided(apply(ledger, orders.retire(ledger, keyId, { by })));

    expect(asked(stranger, 'shared')).toBe('KEY_FORBIDDEN');
    expect(asked(stranger, 'treasury')).toBe('KEY_FORBIDDEN');
    expect(asked(stranger, 'nothing')).toBe('KEY_FORBIDDEN');
    expect(asked(owner, 'shared')).toBe('opened');
    expect(decided(apply(ledger, orders.restore(ledger, 'shared', { by: stranger })))).toBe(
      'KEY_FORBIDDEN',
    );
    expect(decided(apply(ledger, orders.restore(ledger, 'shared', { by: owner })))).toBe('opened');
  });

  test('an operator may end any key, and is told that there is none', () => {
    expect(decided(apply(ledger, orders.retire(ledger, 'nothing')))).toBe('KEY_NOT_FOUND');
    expect(decided(apply(ledger, orders.restore(ledger, 'nothing')))).toBe('KEY_NOT_FOUND');
    expect(retire()).toBe('opened');
  });

  test('a node’s voucher ends no key, though the cluster takes unsigned requests', () => {
    const request = encode(RetireKeyRequest, {
      requestId: 'r',
      keyId: 'treasury',
      recoveryWindow: undefined,
    });
    const vouched = ledger.request(METHODS.retireKey, request, { requester: APP });
    expect(decided(apply(ledger, vouched))).toBe('SIGNATURE_REQUIRED');
    expect(stageOf(key())).toBe('active');
  });

  test('below feature level 3 no request ends a key', () => {
    const old = orders.ledger({ level: 2 });
    old.activeKey('treasury', { requester: APP });
    expect(apply(old, orders.retire(old, 'treasury')).alarm).toBeDefined();
    expect(decided(apply(old, orders.retire(old, 'treasury'), 2))).toBe('LEVEL_TOO_LOW');
    expect(decided(apply(old, orders.restore(old, 'treasury'), 2))).toBe('LEVEL_TOO_LOW');
  });
});

function parsed(recoveryWindow: RetireKeyRequest['recoveryWindow']): string {
  const bytes = encode(RetireKeyRequest, { requestId: 'r', keyId: 'k', recoveryWindow });
  const reading = parseRequest(TASK_KINDS, METHODS.retireKey, bytes);
  return reading.ok ? JSON.stringify(reading.value.asked) : reading.refusal.reason;
}

describe('the form of a retirement', () => {
  test.each([
    [60n, 0, '"recoveryWindowMs":60000'],
    [365n * 86_400n, 0, '"recoveryWindowMs":31536000000'],
    [59n, 0, 'INVALID_RECOVERY_WINDOW'],
    [0n, 0, 'INVALID_RECOVERY_WINDOW'],
    [-60n, 0, 'INVALID_RECOVERY_WINDOW'],
    [60n, 1, 'INVALID_RECOVERY_WINDOW'],
    [365n * 86_400n + 1n, 0, 'INVALID_RECOVERY_WINDOW'],
    [2n ** 62n, 0, 'INVALID_RECOVERY_WINDOW'],
  ])('a recovery window of %d s and %d ns reads as %s', (seconds, nanos, found) => {
    expect(parsed({ seconds, nanos })).toContain(found);
  });
});
