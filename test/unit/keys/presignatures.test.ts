import { expect, test } from '@jest/globals';
import type { Presigned } from '../../../src/gg20/index.js';
import { Presignatures } from '../../../src/keys/index.js';

const BINDING = { name: 'key/1/a', keyId: 'key', version: 1, material: '' };
const OTHER = { name: 'key/1/b', keyId: 'key', version: 1, material: '' };
const LATER = { name: 'key/2/a', keyId: 'key', version: 2, material: '' };

function presigned(number: number): Presigned {
  return {
    presigId: new Uint8Array(32).fill(number),
    session: new Uint8Array(32),
    presignature: new Uint8Array(8),
    readies: [],
    secret: new Uint8Array(64).fill(number),
  };
}

function store(maximum = 8, perBindingMaximum = 4): Presignatures {
  return new Presignatures({ maximum, perBindingMaximum });
}

test('a presignature is given away once, and its secret with it', () => {
  const kept = store();
  const one = presigned(1);
  kept.add(BINDING, one, 0);
  expect(kept.take(BINDING, one.presigId)).toBe(one);
  expect(one.secret).toEqual(new Uint8Array(64).fill(1));
  expect(kept.take(BINDING, one.presigId)).toBeUndefined();
  expect(kept.size).toBe(0);
});

test('a presignature stays where an entry of another version or of other signers names it', () => {
  const kept = store();
  const one = presigned(1);
  kept.add(BINDING, one, 0);
  expect(kept.take(LATER, one.presigId)).toBeUndefined();
  expect(kept.take(OTHER, one.presigId)).toBeUndefined();
  expect(kept.take(BINDING, one.presigId)).toBe(one);
});

test('a presignature that an applied entry names is wiped, and cannot be taken any more', () => {
  const kept = store();
  const one = presigned(1);
  kept.add(BINDING, one, 0);
  kept.named([one.presigId, presigned(9).presigId]);
  expect(one.secret).toEqual(new Uint8Array(64));
  expect(kept.take(BINDING, one.presigId)).toBeUndefined();
});

test('a presignature is kept once, and none above the limits of its binding and of all', () => {
  const kept = store(3, 2);
  const one = presigned(1);
  kept.add(BINDING, one, 0);
  expect(() => kept.add(BINDING, one, 0)).toThrow('kept once');
  kept.add(BINDING, presigned(2), 0);
  expect(kept.room(BINDING)).toBe(0);
  expect(() => kept.add(BINDING, presigned(3), 0)).toThrow('above the limits');
  kept.add(OTHER, presigned(4), 0);
  expect(kept.room(LATER)).toBe(0);
  expect(() => kept.add(LATER, presigned(5), 0)).toThrow('above the limits');
});

test('a full binding gives way by its oldest, where that is old enough', () => {
  const kept = store(8, 2);
  const [oldest, newer] = [presigned(1), presigned(2)];
  kept.add(BINDING, oldest, 10);
  kept.add(BINDING, newer, 20);
  kept.giveWay(BINDING, 9);
  expect(kept.room(BINDING)).toBe(0);
  kept.giveWay(BINDING, 10);
  expect(oldest.secret).toEqual(new Uint8Array(64));
  expect([kept.room(BINDING), kept.size]).toEqual([1, 1]);
  kept.giveWay(BINDING, 100);
  expect(newer.secret).toEqual(new Uint8Array(64).fill(2));
});

test('a store that is full gives way by the oldest of all', () => {
  const kept = store(2, 2);
  const [oldest, newer] = [presigned(1), presigned(2)];
  kept.add(OTHER, oldest, 10);
  kept.add(BINDING, newer, 20);
  kept.giveWay(LATER, 15);
  expect(oldest.secret).toEqual(new Uint8Array(64));
  expect([kept.room(LATER), kept.count('key', 1)]).toEqual([1, 1]);
});

test('the old ones expire, those of bindings that are over go, and what stays can be taken', () => {
  const kept = store();
  const [old, over, stays] = [presigned(1), presigned(2), presigned(3)];
  kept.add(BINDING, old, 10);
  kept.add(BINDING, over, 20);
  kept.add(LATER, stays, 20);
  kept.expire(10);
  expect([old.secret[0], kept.size]).toEqual([0, 2]);
  kept.dropWhere(({ version }) => version < 2);
  expect([over.secret[0], kept.count('key', 1), kept.count('key', 2)]).toEqual([0, 0, 1]);
  expect(kept.take(LATER, stays.presigId)).toBe(stays);
});

test('a node that stops wipes all, and none can be written down', () => {
  const kept = store();
  const one = presigned(1);
  kept.add(BINDING, one, 0);
  expect(() => JSON.stringify(kept)).toThrow('secrets do not become JSON');
  kept.close();
  expect([one.secret[0], kept.size]).toEqual([0, 0]);
});
