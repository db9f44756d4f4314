import { expect, test } from '@jest/globals';
import { StoredModuli } from '../../../src/keys/seen-moduli.js';
import type { SeenModulus } from '../../../src/gg20/index.js';
import { memoryShareStore } from '../../../src/store/index.js';
import type { Envelope } from '../../../src/wire/index.js';
import { manager, sharing } from './sharing.js';

const hash = (at: number): Uint8Array => new Uint8Array(32).fill(at);

function seen(at: number): SeenModulus {
  const body = new Uint8Array(100).fill(at);
  const message: Envelope = {
    sessionId: new Uint8Array(32).fill(1),
    kind: 'prepare/open',
    from: 1,
    to: 65_535,
    content: { $case: 'open', value: { body, signature: new Uint8Array(64).fill(at) } },
  };
  return { hash: hash(at), identityKey: new Uint8Array(32).fill(at), message };
}

test('moduli that were seen are found after a restart, with the message that showed them', async () => {
  const shares = memoryShareStore();
  await new StoredModuli(shares).add([seen(1), seen(2)]);
  const found = await new StoredModuli(shares).find([hash(2), hash(3)]);
  expect(found).toEqual([seen(2)]);
});

test('the first message that showed a modulus is the one that is kept', async () => {
  const moduli = new StoredModuli(memoryShareStore());
  await moduli.add([seen(1)]);
  await moduli.add([{ ...seen(2), hash: hash(1) }]);
  expect(await moduli.find([hash(1)])).toEqual([seen(1)]);
});

test('no more moduli are kept than there is room for, those of earlier runs included', async () => {
  const shares = memoryShareStore();
  await new StoredModuli(shares, 3).add([1, 2, 3].map(seen));
  await new StoredModuli(shares, 3).add([seen(4), seen(5)]);
  const { items } = await shares.list({ limit: 9 });
  expect(items).toHaveLength(3);
  const found = await new StoredModuli(shares, 3).find([4, 5].map(hash));
  expect(found.length).toBeGreaterThan(0);
});

test('moduli are no shares of any key', async () => {
  const shares = memoryShareStore();
  const keys = manager(shares);
  await keys.keep(sharing());
  await keys.seenModuli.add([seen(1)]);
  expect(await keys.materials.kept()).toEqual([]);
  expect(await manager(shares).seenModuli.find([hash(1)])).toHaveLength(1);
});

test('a node’s own secret is the same in every run under the same node key, and another under another', () => {
  const [one, again] = [manager(), manager()].map((keys) => keys.deviceSecret());
  const other = manager(memoryShareStore(), { wrappingKey: new Uint8Array(32).fill(2) });
  expect(one).toHaveLength(32);
  expect(again).toEqual(one);
  expect(other.deviceSecret()).not.toEqual(one);
});
