import { expect, test } from '@jest/globals';
import { inspect } from 'node:util';
import { clusterId, nodeId, toHex } from '../../../src/common/index.js';
import type { KeepInput, KeyManagerParts, LoadInput } from '../../../src/keys/index.js';
import { ShareStoreError } from '../../../src/ports/index.js';
import type { ShareStore } from '../../../src/ports/index.js';
import { memoryShareStore } from '../../../src/store/index.js';
import { algorithmName, KEY_ALGORITHMS } from '../../../src/identity/index.js';
import { Algorithm } from '../../../src/wire/index.js';
import { replaceShare } from '../../support/builders/stores.js';
import { holds, KEY, manager, OTHER_SESSION, SESSION, sharing } from './sharing.js';

const DATA_LOSS = { code: 'data-loss', reason: 'KEY_SHARE_SEAL' };

/** A store with one share in it. */
async function kept(share: KeepInput = sharing()): Promise<{
  shares: ShareStore;
  share: KeepInput;
  sealed: Uint8Array;
}> {
  const shares = memoryShareStore();
  await manager(shares).keep(share);
  const sealed = await shares.get(share);
  return { shares, share, sealed: sealed ?? new Uint8Array() };
}

test('a share that was kept is loaded by the next run of the node', async () => {
  const { shares, share } = await kept();
  const keys = manager(shares);

  expect(await keys.load(share)).toBe(true);

  const [supply] = await keys.makeSupplies(KEY, 1, 1);
  const taken = supply && keys.take(KEY, 1, supply);
  expect(taken).toMatchObject({ index: 1, algorithm: share.algorithm, scalar: share.scalar });
  expect(await keys.record(KEY, SESSION)).toEqual(share.record);
});

test('an unknown session has no share to load or to read', async () => {
  const { shares, share } = await kept();
  const keys = manager(shares);

  expect(await keys.load({ ...share, sessionId: OTHER_SESSION })).toBe(false);
  expect(await keys.record(KEY, OTHER_SESSION)).toBeUndefined();
  expect(await keys.makeSupplies(KEY, 1, 1)).toEqual([]);
});

test('the store sees neither the share nor anything that repeats', async () => {
  const share = sharing();
  const [first, second] = [await kept(share), await kept(share)];

  expect(holds(first.sealed, share.record)).toBe(true);
  for (const secret of [share.scalar, share.scalar.toReversed(), share.scalar.slice(0, 8)])
    expect(holds(first.sealed, secret)).toBe(false);
  expect(holds(first.sealed, new Uint8Array(32).fill(1))).toBe(false);
  const end = first.sealed.length - share.record.length;
  for (let at = 1; at + 8 <= 73; at += 8)
    expect(holds(second.sealed, first.sealed.slice(at, at + 8))).toBe(false);
  expect(holds(second.sealed, first.sealed.slice(77, end))).toBe(false);
});

test('a caller may wipe its share once it is kept', async () => {
  const { shares, share } = await kept();
  const scalar = Uint8Array.from(share.scalar);
  share.scalar.fill(0);
  const keys = manager(shares);
  await keys.load(share);

  const [supply] = await keys.makeSupplies(KEY, 1, 1);

  expect(supply && keys.take(KEY, 1, supply)).toMatchObject({ scalar });
});

test.each<[string, Partial<LoadInput>]>([
  ['another version', { version: 2 }],
  ['another polynomial', { V: sharing().V }],
  ['another algorithm', { algorithm: Algorithm.FROST_P256_SHA256 }],
])('a share does not open as that of %s', async (_name, other) => {
  const { shares, share } = await kept();

  await expect(manager(shares).load({ ...share, ...other })).rejects.toMatchObject(DATA_LOSS);
});

test.each<[string, Partial<KeyManagerParts>]>([
  ['on another node', { nodeId: nodeId('node-2') }],
  ['in another cluster', { clusterId: clusterId('c2'.repeat(16)) }],
  ['under another wrapping key', { wrappingKey: new Uint8Array(32).fill(2) }],
])('a share does not open %s', async (_name, other) => {
  const { shares, share } = await kept();

  await expect(manager(shares, other).load(share)).rejects.toMatchObject(DATA_LOSS);
});

test('two swapped shares do not open', async () => {
  const { shares, share } = await kept();
  const other = sharing({ sessionId: OTHER_SESSION, V: share.V, scalar: share.scalar });
  const same = { ...other, publicKey: share.publicKey };
  await manager(shares).keep(same);
  const [a, b] = [await shares.get(share), await shares.get(same)];

  await replaceShare(shares, share, b ?? new Uint8Array());
  await replaceShare(shares, same, a ?? new Uint8Array());

  await expect(manager(shares).load(share)).rejects.toMatchObject(DATA_LOSS);
  await expect(manager(shares).load(same)).rejects.toMatchObject(DATA_LOSS);
});

test('a share with any bit changed does not open, its record and length included', async () => {
  const { shares, share, sealed } = await kept();
  const keys = manager(shares);
  for (let at = 0; at < sealed.length; at++) {
    const broken = Uint8Array.from(sealed);
    broken[at] = (broken[at] ?? 0) ^ (1 << (at % 8));
    await replaceShare(shares, share, broken);
    await expect(keys.load(share)).rejects.toMatchObject(DATA_LOSS);
  }
  for (const broken of [
    sealed.slice(0, -1),
    sealed.slice(0, 80),
    sealed.slice(0, 40),
    new Uint8Array(0),
    Uint8Array.from([...sealed, 0]),
  ]) {
    await replaceShare(shares, share, broken);
    await expect(keys.load(share)).rejects.toMatchObject(DATA_LOSS);
  }
  await replaceShare(shares, share, sealed);
  expect(await keys.load(share)).toBe(true);
});

test('an error of opening shows no secret', async () => {
  const { shares, share } = await kept();
  const wrappingKey = new Uint8Array(32).fill(0xee);

  const error: unknown = await manager(shares, { wrappingKey })
    .load(share)
    .catch((reason: unknown) => reason);

  const told = inspect(error, { depth: 9, showHidden: true });
  expect(told).toContain('key-1');
  for (const secret of [share.scalar, wrappingKey]) expect(told).not.toContain(toHex(secret));
  expect(told).not.toContain('238');
});

test('a share is not kept until it reads back unchanged', async () => {
  const broken = memoryShareStore();
  const lying: ShareStore = {
    putIfAbsent: (id, sealed) =>
      broken.putIfAbsent(
        id,
        sealed.map((byte) => byte ^ 1),
      ),
    replace: (id, before, after) => broken.replace(id, before, after),
    get: (id) => broken.get(id),
    delete: (id) => broken.delete(id),
    list: (page) => broken.list(page),
    close: () => broken.close(),
  };
  const forgetting: ShareStore = { ...lying, putIfAbsent: async () => ({ absent: true }) };
  const older = sharing();
  const stale = memoryShareStore();
  await manager(stale).keep(older);
  const keeping: ShareStore = { ...forgetting, get: (id) => stale.get(id) };

  for (const store of [lying, forgetting])
    await expect(manager(store).keep(sharing())).rejects.toMatchObject({
      code: 'data-loss',
      reason: 'KEY_SHARE_READ_BACK',
    });
  await expect(
    manager(keeping).keep({ ...older, record: new Uint8Array(3) }),
  ).rejects.toMatchObject({ reason: 'KEY_SHARE_READ_BACK' });
});

test('the same share may be kept twice, by a later run of the node too', async () => {
  const { shares, share, sealed } = await kept();

  await manager(shares).keep(share);

  expect(await shares.get(share)).toEqual(sealed);
});

test.each<[string, (share: KeepInput) => Partial<KeepInput>]>([
  ['of another sharing', () => ({})],
  ['with another record', (share) => ({ ...share, record: new Uint8Array(3) })],
])('a second share of a session %s is refused, and the first stays', async (_name, other) => {
  const { shares, share, sealed } = await kept();

  await expect(manager(shares).keep(sharing(other(share)))).rejects.toMatchObject({
    code: 'already-exists',
    reason: 'KEY_SHARE_EXISTS',
  });

  expect(await shares.get(share)).toEqual(sealed);
});

test('a store that is unavailable is no damage: the call may be made again', async () => {
  const working = memoryShareStore();
  let error: ShareStoreError | undefined;
  const shares: ShareStore = {
    putIfAbsent: (id, sealed) => (error ? Promise.reject(error) : working.putIfAbsent(id, sealed)),
    replace: (id, before, after) => working.replace(id, before, after),
    get: (id) => (error ? Promise.reject(error) : working.get(id)),
    delete: (id) => working.delete(id),
    list: (page) => (error ? Promise.reject(error) : working.list(page)),
    close: () => working.close(),
  };
  const [keys, share] = [manager(shares), sharing()];

  error = new ShareStoreError('unavailable', 'a test');
  await expect(keys.keep(share)).rejects.toBe(error);
  await expect(keys.pending(KEY)).rejects.toBe(error);
  await expect(keys.load(share)).rejects.toBe(error);

  error = undefined;
  await keys.keep(share);
  expect(await keys.pending(KEY)).toBe(1);
  expect(await keys.load(share)).toBe(true);
});

test('a record that the store calls damaged does not open', async () => {
  const { share } = await kept();
  const error = new ShareStoreError('damaged', 'a test');
  const shares = { ...memoryShareStore(), get: () => Promise.reject(error) };

  await expect(manager(shares).load(share)).rejects.toMatchObject({ ...DATA_LOSS, cause: error });
});

test('a share that is not of its polynomial is never kept', async () => {
  const shares = memoryShareStore();

  for (const wrong of [
    { V: sharing().V },
    { index: 2 },
    { threshold: 3 },
    { publicKey: new Uint8Array(32) },
    { scalar: new Uint8Array(32).fill(0xff) },
  ])
    await expect(manager(shares).keep(sharing(wrong))).rejects.toThrow('of its polynomial');

  expect(await shares.get({ keyId: KEY, sessionId: SESSION })).toBeUndefined();
});

const pairs = KEY_ALGORITHMS.flatMap((made) =>
  KEY_ALGORITHMS.filter((other) => other !== made).map(
    (other) => [algorithmName(made), algorithmName(other), made, other] as const,
  ),
);

test.each(pairs)(
  'attack 21: a share of %s does not open as one of %s',
  async (_a, _b, made, other) => {
    const shares = memoryShareStore();
    const share = sharing({ algorithm: made });
    await manager(shares).keep(share);

    await expect(manager(shares).load({ ...share, algorithm: other })).rejects.toMatchObject(
      DATA_LOSS,
    );
    // Nor when it is open already.
    const keys = manager(shares);
    expect(await keys.load(share)).toBe(true);
    await expect(keys.load({ ...share, algorithm: other })).rejects.toMatchObject(DATA_LOSS);
  },
);

test('a Taproot share is kept under its output key, and not under the key that is shared', async () => {
  const share = sharing({ algorithm: Algorithm.FROST_SECP256K1_TAPROOT });
  const [V_0 = new Uint8Array()] = share.V;
  expect(share.publicKey).toHaveLength(32);

  for (const publicKey of [V_0, V_0.slice(1)])
    await expect(manager().keep({ ...share, publicKey })).rejects.toThrow('of its polynomial');
  await expect(manager().keep(share)).resolves.toBeUndefined();
});

test('the shares of a key are counted over all sessions, restarts included', async () => {
  const { shares } = await kept();
  const keys = manager(shares);
  expect(await keys.pending(KEY)).toBe(1);

  const other = sharing({ sessionId: OTHER_SESSION });
  await keys.keep(other);
  await keys.keep(other);

  expect(await keys.pending(KEY)).toBe(2);
  expect(await manager(shares).pending(KEY)).toBe(2);
});

test('loading a share twice, also at once, keeps its nonces', async () => {
  const { shares, share } = await kept();
  const keys = manager(shares);

  await Promise.all([keys.load(share), keys.load(share)]);
  await keys.makeSupplies(KEY, 1, 3);
  await keys.load(share);

  expect(keys.available(KEY, 1)).toBe(3);
});
