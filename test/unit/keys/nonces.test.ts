import { expect, jest, test } from '@jest/globals';
import { bootId, keyId, nodeId, toHex } from '../../../src/common/index.js';
import { supplySigning, type MadeSupply } from '../../../src/algorithms/index.js';
import type { KeyManager, TakenSupply } from '../../../src/keys/index.js';
import { Algorithm } from '../../../src/wire/index.js';
import type { Supply } from '../../../src/wire/index.js';
import { BOOT, handClock, KEY, loaded, manager, OTHER_SESSION, sharing } from './sharing.js';
import { partOf, withPart } from '../../support/builders/ledger.js';
import { ed25519Suite, SCHEMES } from '../../support/builders/schemes.js';

async function made(keys: KeyManager): Promise<Supply> {
  const [supply] = await keys.makeSupplies(KEY, 1, 1);
  if (supply === undefined) throw new Error('no nonce was made');
  return supply;
}

function isTaken(taken: TakenSupply | string): taken is TakenSupply {
  return typeof taken !== 'string';
}

test('a commitment opens to the nonce that is taken for it', async () => {
  const { keys } = await loaded();
  const { group } = ed25519Suite;
  const supply = await made(keys);

  const taken = keys.take(KEY, 1, supply);

  const points = isTaken(taken)
    ? [taken.secret.slice(0, 32), taken.secret.slice(32)].map((each) =>
        group.encode(group.multiplyBase(group.decodeScalar(each) ?? 0n)),
      )
    : [];
  expect(points).toEqual([partOf(supply, 0), partOf(supply, 1)]);
  expect(supply).toMatchObject({ nodeId: 'node-1', counter: 1n });
  expect(toHex(supply.boot)).toBe(BOOT);
});

test('a nonce is taken once', async () => {
  const { keys } = await loaded();
  const supply = await made(keys);

  expect(isTaken(keys.take(KEY, 1, supply))).toBe(true);

  expect(keys.take(KEY, 1, supply)).toBe('gone');
  expect(keys.available(KEY, 1)).toBe(0);
});

test('in a hundred thousand racing takes every nonce is taken once', async () => {
  const seed = 20_260_101;
  console.info(`seed ${seed}`);
  const { keys } = await loaded();
  const supplies = await keys.makeSupplies(KEY, 1, 64);
  const winners = new Map<bigint, number>();
  const secrets = new Set<string>();
  let state = seed;
  const random = () => (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) >>> 8;

  await Promise.all(
    Array.from({ length: 100_000 }, async () => {
      const supply = supplies[random() % supplies.length];
      for (let turns = random() % 4; turns > 0; turns--) await Promise.resolve();
      const taken = supply === undefined ? 'gone' : keys.take(KEY, 1, supply);
      if (supply === undefined || !isTaken(taken)) return;
      winners.set(supply.counter, (winners.get(supply.counter) ?? 0) + 1);
      secrets.add(toHex(taken.secret.slice(0, 32))).add(toHex(taken.secret.slice(32)));
    }),
  );

  expect([...winners.values()]).toEqual(Array.from({ length: 64 }, () => 1));
  expect(secrets.size).toBe(128);
  expect(keys.available(KEY, 1)).toBe(0);
});

test('a supply with other bytes is refused as such, and the nonce kept', async () => {
  const { keys } = await loaded();
  const [supply, other] = await keys.makeSupplies(KEY, 1, 2);
  if (supply === undefined || other === undefined) throw new Error('no nonces');

  for (const wrong of [
    withPart(supply, 0, partOf(other, 0)),
    withPart(supply, 1, partOf(other, 1)),
    { ...supply, parts: supply.parts.toReversed() },
    withPart(supply, 0, new Uint8Array(0)),
  ])
    expect(keys.take(KEY, 1, wrong)).toBe('other-bytes');

  expect(isTaken(keys.take(KEY, 1, supply))).toBe(true);
});

test('a supply of another run, node, key or version matches no nonce', async () => {
  const { keys, shares } = await loaded();
  const share = sharing({ keyId: keyId('key-2'), sessionId: OTHER_SESSION });
  await manager(shares).keep(share);
  await keys.load(share);
  const supply = await made(keys);

  for (const [key, version, named] of [
    [KEY, 1, { ...supply, boot: new Uint8Array(16) }],
    [KEY, 1, { ...supply, boot: new Uint8Array(0) }],
    [KEY, 1, { ...supply, nodeId: 'node-2' }],
    [KEY, 1, { ...supply, counter: supply.counter + 1n }],
    [KEY, 1, { ...supply, counter: 0n }],
    [KEY, 2, supply],
    [share.keyId, 1, supply],
  ] as const)
    expect(keys.take(key, version, named)).toBe('gone');

  expect(isTaken(keys.take(KEY, 1, supply))).toBe(true);
});

test('the counter of nonces rises over all keys and never starts again', async () => {
  const { keys, shares } = await loaded();
  const share = sharing({ keyId: keyId('key-2'), sessionId: OTHER_SESSION });
  await manager(shares).keep(share);
  await keys.load(share);

  const supplies = [
    ...(await keys.makeSupplies(KEY, 1, 2)),
    ...(await keys.makeSupplies(share.keyId, 1, 2)),
    ...(await keys.makeSupplies(KEY, 1, 2)),
  ];

  expect(supplies.map(({ counter }) => counter)).toEqual([1n, 2n, 3n, 4n, 5n, 6n]);
  expect(new Set(supplies.flatMap(({ parts }) => parts.map(toHex))).size).toBe(12);
});

test('published commitments are copies', async () => {
  const { keys } = await loaded();
  const supply = await made(keys);
  const copy = withPart(supply, 0, Uint8Array.from(partOf(supply, 0)));
  partOf(supply, 0).fill(0);

  expect(keys.take(KEY, 1, supply)).toBe('other-bytes');
  expect(isTaken(keys.take(KEY, 1, copy))).toBe(true);
});

test('at the limit of a key no nonce is made, and none goes for a newer one', async () => {
  const { keys } = await loaded();
  const first = await keys.makeSupplies(KEY, 1, 60);

  expect(await keys.makeSupplies(KEY, 1, 1_000)).toHaveLength(4);
  expect(await keys.makeSupplies(KEY, 1, 1)).toEqual([]);
  expect(keys.available(KEY, 1)).toBe(64);
  expect(first.every((supply) => isTaken(keys.take(KEY, 1, supply)))).toBe(true);
  expect(await keys.makeSupplies(KEY, 1, 1_000)).toHaveLength(60);
});

test('at the limit of a key nonces that are made at the same time are no more than there is room for', async () => {
  const { keys } = await loaded();
  const pieces = await Promise.all([40, 40].map((count) => keys.makeSupplies(KEY, 1, count)));
  expect(pieces.map(({ length }) => length)).toEqual([40, 24]);
  expect(pieces.flat().every((supply) => isTaken(keys.take(KEY, 1, supply)))).toBe(true);
});

test('at the limit of the node no nonce is made for any key', async () => {
  const { keys, shares } = await loaded({ limits: { suppliesMax: 5 } });
  const share = sharing({ keyId: keyId('key-2'), sessionId: OTHER_SESSION });
  await manager(shares).keep(share);
  await keys.load(share);

  await keys.makeSupplies(KEY, 1, 4);
  await keys.makeSupplies(share.keyId, 1, 3);

  expect([keys.available(KEY, 1), keys.available(share.keyId, 1)]).toEqual([4, 1]);
});

test('a node with three quarters of the nonces that it may keep is crowded', async () => {
  const { keys } = await loaded({ limits: { suppliesMax: 8 } });
  const [first] = await keys.makeSupplies(KEY, 1, 6);
  expect(keys.isCrowded).toBe(true);
  if (first !== undefined) keys.take(KEY, 1, first);
  expect(keys.isCrowded).toBe(false);
});

test('nonces are counted by when they were made', async () => {
  const clock = handClock();
  const { keys } = await loaded({ clock });
  await keys.makeSupplies(KEY, 1, 2);
  clock.elapsedMs = 30_000;
  await keys.makeSupplies(KEY, 1, 3);
  expect([-1, 0, 29_999, 30_000].map((since) => keys.available(KEY, 1, since))).toEqual([
    5, 3, 3, 0,
  ]);
});

test('a nonce lives for sixty seconds', async () => {
  const clock = handClock();
  const { keys } = await loaded({ clock });
  const old = await made(keys);
  clock.elapsedMs = 30_000;
  const young = await made(keys);

  clock.elapsedMs = 59_999;
  keys.expire();
  expect(keys.available(KEY, 1)).toBe(2);
  clock.elapsedMs = 60_000;
  keys.expire();

  expect(keys.take(KEY, 1, old)).toBe('gone');
  expect(isTaken(keys.take(KEY, 1, young))).toBe(true);
});

test('an entry that names a nonce by id and bytes drops it, one with other bytes does not', async () => {
  const { keys } = await loaded();
  const [named, kept] = await keys.makeSupplies(KEY, 1, 2);
  if (named === undefined || kept === undefined) throw new Error('no nonces');

  keys.named([
    named,
    withPart(kept, 0, partOf(named, 0)),
    { ...kept, boot: new Uint8Array(16) },
    { ...kept, nodeId: nodeId('node-2') },
    { ...kept, counter: 99n },
  ]);

  expect(keys.take(KEY, 1, named)).toBe('gone');
  expect(isTaken(keys.take(KEY, 1, kept))).toBe(true);
});

test('a share that leaves the cache takes its nonces with it', async () => {
  const { keys, shares, share: first } = await loaded({ limits: { openSharesMax: 1 } });
  const supply = await made(keys);
  const share = sharing({ keyId: keyId('key-2'), sessionId: OTHER_SESSION });
  await manager(shares).keep(share);

  await keys.load(share);

  expect(keys.available(KEY, 1)).toBe(0);
  expect(keys.take(KEY, 1, supply)).toBe('gone');
  expect(await keys.makeSupplies(KEY, 1, 1)).toEqual([]);
  await keys.load(first);
  expect(keys.take(KEY, 1, supply)).toBe('gone');
  expect((await made(keys)).counter).toBe(2n);
});

test('another run has no nonce of this run, though it has its disk', async () => {
  const { keys, shares, share } = await loaded();
  const supply = await made(keys);
  const clone = manager(shares, { boot: bootId('b1'.repeat(16)) });
  await clone.load(share);
  await clone.makeSupplies(KEY, 1, 1);

  expect(clone.take(KEY, 1, supply)).toBe('gone');
  expect(isTaken(keys.take(KEY, 1, supply))).toBe(true);
});

test('dropped nonces are wiped, and taken ones are not', async () => {
  const { keys } = await loaded();
  const encoded = jest.spyOn(ed25519Suite.group, 'encodeScalar');
  const supplied = jest.spyOn(supplySigning(SCHEMES, Algorithm.FROST_ED25519_SHA512), 'makeSupply');
  const [first] = await keys.makeSupplies(KEY, 1, 2);
  const scalars = encoded.mock.results.map(({ value }) => value as Uint8Array);
  const secrets = supplied.mock.results.map(({ value }) => (value as MadeSupply).secret);
  encoded.mockRestore();
  supplied.mockRestore();
  const taken = first && keys.take(KEY, 1, first);

  keys.close();

  const [secret, ...dropped] = secrets;
  expect(taken).toMatchObject({ secret });
  const halves = [secret?.subarray(0, 32), secret?.subarray(32)];
  expect(halves.map((each) => each?.some((byte) => byte !== 0))).toEqual([true, true]);
  expect(dropped.map((each) => toHex(each))).toEqual(['00'.repeat(64)]);
  // d and e of each, and what a library was given to multiply by.
  expect(scalars.length).toBeGreaterThanOrEqual(4);
  expect(new Set(scalars.map((each) => toHex(each)))).toEqual(new Set(['00'.repeat(32)]));
});

test('a closed store of nonces gives no nonce and opens no share', async () => {
  const { keys, share, shares } = await loaded();
  const supply = await made(keys);
  const other = manager(shares);
  const loading = other.load(share);
  keys.close();
  other.close();

  expect(keys.take(KEY, 1, supply)).toBe('gone');
  expect(await keys.makeSupplies(KEY, 1, 1)).toEqual([]);
  expect([await keys.load(share), await loading]).toEqual([false, false]);
  await expect(keys.keep(share)).rejects.toMatchObject({ code: 'cancelled' });
});

test('neither keys nor nonces become JSON', async () => {
  const { keys } = await loaded();

  expect(() => JSON.stringify(keys)).toThrow('do not become JSON');
  expect(() => JSON.stringify({ inside: [keys] })).toThrow('do not become JSON');
});
