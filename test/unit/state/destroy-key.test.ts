import { beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import {
  awaitedNodes,
  destroyHashOf,
  keyDestroyedOf,
  METHODS,
  parseRequest,
  recordOfKey,
  stageOf,
  TASK_KINDS,
} from '../../../src/state/index.js';
import type { ActiveKey } from '../../../src/state/index.js';
import { stageOfSummary } from '../../../src/state/keys.js';
import { destroyedBytes } from '../../../src/identity/index.js';
import { DestroyKeyRequest, encode, KeyRecord, KeySummary } from '../../../src/wire/index.js';
import type { Destroyed } from '../../../src/wire/index.js';
import { apply, decided, KeyOrders } from '../../support/builders/key-orders.js';
import { APP, fill, identityKeyOf, sealOf } from '../../support/builders/ledger.js';
import type { AppliedEntry, Ledger } from '../../support/builders/ledger.js';
import { FIVE, keyAmong, keyOf, makeVersion, reshare } from '../../support/builders/resharing.js';

const HOUR = 3600;

let orders: KeyOrders;
let ledger: Ledger;
beforeAll(async () => {
  orders = await KeyOrders.create();
});
beforeEach(() => {
  ledger = orders.ledger({ nodes: FIVE });
  keyAmong(ledger, 'treasury', { requester: APP });
});

const key = (): ActiveKey => keyOf(ledger, 'treasury');
const destroy = (more = {}): AppliedEntry =>
  apply(ledger, orders.destroy(ledger, 'treasury', more));

/** Retires the key, and lets its recovery window of an hour pass. */
function pastWindow(): void {
  apply(ledger, orders.retire(ledger, 'treasury', { seconds: HOUR }));
  ledger.timeMs += HOUR * 1000;
}

function word(node: string, change: Partial<Destroyed> = {}): Destroyed {
  const { keyId, publicKey, lifecycle } = key();
  if (lifecycle === undefined) throw new Error('the key is in use');
  const unsigned: Destroyed = {
    nodeId: node,
    keyId,
    publicKey,
    requestHash: destroyHashOf(lifecycle),
    signature: new Uint8Array(0),
    ...change,
  };
  const bytes = destroyedBytes(ledger.rules.genesis.clusterId, unsigned);
  return { ...unsigned, signature: sealOf(identityKeyOf(node), bytes) };
}

const say = (node: string, change: Partial<Destroyed> = {}): AppliedEntry =>
  ledger.command({ $case: 'destroyed', value: word(node, change) }, 3);

const awaited = (): readonly string[] => awaitedNodes(key()).map(({ nodeId }) => nodeId);

/** How a request is read that names `treasury`, and this key once more. */
function reasonFor(confirmKeyId: string): string {
  const bytes = encode(DestroyKeyRequest, { requestId: 'r', keyId: 'treasury', confirmKeyId });
  const reading = parseRequest(TASK_KINDS, METHODS.destroyKey, bytes);
  return reading.ok ? 'read' : reading.refusal.reason;
}

describe('when a key is destroyed', () => {
  test('a key in use is not, a retired one not before its recovery window is over, and one is once', () => {
    expect(decided(destroy())).toBe('KEY_NOT_RETIRED');
    apply(ledger, orders.retire(ledger, 'treasury', { seconds: HOUR }));
    ledger.timeMs += HOUR * 1000 - 1;
    expect(decided(destroy())).toBe('KEY_RECOVERABLE');
    ledger.timeMs += 1;
    expect(decided(destroy({ requestId: 'd' }))).toBe('opened');
    expect(decided(destroy({ requestId: 'd' }))).toBe('known');
    expect(decided(destroy())).toBe('KEY_DESTROYED');
    expect(stageOf(key())).toBe('destroying');
  });

  test('a key that is being destroyed neither signs, nor is restored, retired or shared anew', () => {
    pastWindow();
    destroy();
    expect(decided(ledger.sign('treasury', 's', { requester: APP }))).toBe('KEY_DESTROYED');
    expect(decided(apply(ledger, orders.restore(ledger, 'treasury')))).toBe('KEY_DESTROYED');
    expect(decided(apply(ledger, orders.retire(ledger, 'treasury')))).toBe('KEY_DESTROYED');
    expect(decided(reshare(ledger, orders.operator, 'treasury'))).toBe('KEY_DESTROYED');
  });

  test('only an operator may, by its own signature; and not below feature level 3', () => {
    pastWindow();
    const { owner, stranger } = orders;
    expect(decided(destroy({ by: owner }))).toBe('ROLE_FORBIDDEN');
    expect(decided(destroy({ by: stranger }))).toBe('ROLE_FORBIDDEN');
    const old = orders.ledger({ level: 2 });
    old.activeKey('treasury', { requester: APP });
    expect(decided(apply(old, orders.destroy(old, 'treasury'), 2))).toBe('LEVEL_TOO_LOW');
  });

  test('the request names the key twice', () => {
    expect(['treasury', 'other', ''].map(reasonFor)).toEqual([
      'read',
      'CONFIRMATION_DIFFERS',
      'CONFIRMATION_DIFFERS',
    ]);
  });
});

describe('the words of the holders', () => {
  let task = '';
  beforeEach(() => {
    pastWindow();
    [task = ''] = destroy().changedTasks;
  });

  test('the last holder’s closes the task, and the record stays', () => {
    say('node-1');
    say('node-3');
    expect([awaited(), stageOf(key())]).toEqual([['node-2'], 'destroying']);
    expect(ledger.task(task).outcome).toBeUndefined();

    const { events } = say('node-2');

    expect(stageOf(key())).toBe('destroyed');
    expect(events).toContainEqual({
      type: 'key-stage-changed',
      key: 'treasury',
      stage: 'destroyed',
    });
    const nodes = ['node-1', 'node-2', 'node-3'];
    expect(keyDestroyedOf(ledger.task(task))).toEqual({ nodes });
    const record = recordOfKey(key());
    expect(KeyRecord.decode(encode(KeyRecord, record))).toEqual(record);
    expect(stageOfSummary(KeySummary.decode(encode(KeyRecord, record)))).toBe('destroyed');
    expect(decided(ledger.generate('treasury', { requester: APP }))).toBe('KEY_EXISTS');
  });

  test.each<[string, string, Partial<Destroyed>]>([
    ['of a node that holds none', 'node-4', {}],
    ['of another public key', 'node-1', { publicKey: fill(9) }],
    ['of another request', 'node-1', { requestHash: fill(9) }],
    ['of another key', 'node-1', { keyId: 'other' }],
  ])('a word %s changes nothing', (_, node, change) => {
    const before = recordOfKey(key());
    say(node, change);
    expect(recordOfKey(key())).toEqual(before);
  });

  test('a word that another node signed changes nothing', () => {
    const before = recordOfKey(key());
    const value = { ...word('node-2'), nodeId: 'node-1' };
    ledger.command({ $case: 'destroyed', value }, 3);
    expect(recordOfKey(key())).toEqual(before);
  });

  test('a word counts once', () => {
    say('node-1');
    const before = recordOfKey(key());
    say('node-1');
    expect(recordOfKey(key())).toEqual(before);
  });

  test('no leader ends the task: neither as failed, nor by an attempt or a result', () => {
    const failed = { taskId: task, reason: 'REQUEST_EXPIRED', evidence: [] };
    ledger.command({ $case: 'failed', value: failed });
    ledger.command({
      $case: 'done',
      value: { taskId: task, attempt: 1, material: new Uint8Array(64) },
    });
    expect(ledger.task(task).outcome).toBeUndefined();
    expect(stageOf(key())).toBe('destroying');
  });
});

describe('a key that was shared anew', () => {
  test('those that held a share of an earlier version are asked, too', () => {
    const participants = ['node-3', 'node-4', 'node-5'];
    const opened = reshare(ledger, orders.operator, 'treasury', { participants });
    makeVersion(ledger, opened.changedTasks[0] ?? '');
    expect(key().participants.map(({ nodeId }) => nodeId)).not.toContain('node-1');
    pastWindow();
    destroy();
    expect(awaited()).toEqual([...FIVE]);
  });

  test('those that an unfinished reshare would have given a share are asked, and it ends with the retirement', () => {
    const opened = reshare(ledger, orders.operator, 'treasury', {
      participants: ['node-2', 'node-3', 'node-4'],
    });
    const [id = ''] = opened.changedTasks;
    pastWindow();
    expect(ledger.task(id).outcome).toMatchObject({ $case: 'failed' });
    expect(key().resharing?.taskId).toBe('');
    destroy();
    expect(awaited()).toEqual(['node-1', 'node-2', 'node-3', 'node-4']);
  });
});
