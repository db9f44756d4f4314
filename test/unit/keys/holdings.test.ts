import { expect, test } from '@jest/globals';
import { bootId, clusterId, keyId, sessionId } from '../../../src/common/index.js';
import { SecretBytes } from '../../../src/crypto/index.js';
import { Holdings, nameOf } from '../../../src/keys/holdings.js';
import type { Holding } from '../../../src/keys/holdings.js';
import { polynomialHash, sealSecret, unsealSecret } from '../../../src/keys/sealed-secret.js';
import { SingleUse } from '../../../src/keys/single-use.js';
import { systemRandom } from '../../../src/machine/index.js';
import type { ShareStore } from '../../../src/ports/index.js';
import { memoryShareStore } from '../../../src/store/index.js';
import { BOOT, KEY, manager, NODE, SESSION } from './sharing.js';

const AT: Holding = {
  keyId: KEY,
  sessionId: SESSION,
  version: 1,
  publicHash: new Uint8Array(32).fill(3),
};
const DATA_LOSS = { code: 'data-loss', reason: 'KEY_SHARE_SEAL' };
const RECORD = new Uint8Array([1, 2, 3]);

function holdings(
  shares: ShareStore,
  closed: string[] = [],
  openMax = 8,
  openBytesMax = 65_536,
): Holdings {
  return new Holdings({
    shares,
    wrappingKey: new Uint8Array(32).fill(1),
    clusterId: clusterId('c1'.repeat(16)),
    nodeId: NODE,
    random: systemRandom,
    openMax,
    openBytesMax,
    onClosed: (name) => closed.push(name),
  });
}

const isOther = (kind: string) => kind === 'key-share/FROST_ED25519_SHA512';

/** A secret of a kind that no algorithm of this release has, of many bytes. */
function primes(): { kind: string; about: Uint8Array; bytes: SecretBytes } {
  const bytes = new SecretBytes(new Uint8Array(768).fill(9));
  return { kind: 'auxiliary/primes', about: new Uint8Array(0), bytes };
}

test('a secret of any kind and length is kept and opened unchanged', async () => {
  const shares = memoryShareStore();
  await holdings(shares).keep(AT, primes(), RECORD);
  const later = holdings(shares);

  expect(await later.load(AT, (kind) => kind === 'auxiliary/primes')).toBe(true);

  const opened = later.get(nameOf(AT));
  expect([opened?.kind, opened?.about]).toEqual(['auxiliary/primes', new Uint8Array(0)]);
  expect(opened?.bytes.bytes).toEqual(new Uint8Array(768).fill(9));
  expect(await later.record(AT)).toEqual(RECORD);
});

test('a secret of one kind does not open as another, whether it is open already or not', async () => {
  const shares = memoryShareStore();
  const kept = holdings(shares);
  await kept.keep(AT, primes(), RECORD);

  await expect(kept.load(AT, isOther)).rejects.toMatchObject(DATA_LOSS);
  expect(kept.get(nameOf(AT))).toBeUndefined();
  expect(await kept.load(AT, () => true)).toBe(true);
  await expect(kept.load(AT, isOther)).rejects.toMatchObject(DATA_LOSS);
});

test('another secret is not taken for a key share, whatever the algorithm', async () => {
  const shares = memoryShareStore();
  const keys = manager(shares);
  const share = { keyId: KEY, sessionId: SESSION, version: 1, V: [new Uint8Array(32)] };
  const at = { ...AT, publicHash: polynomialHash(share.V) };
  await holdings(shares).keep(at, primes(), RECORD);

  await expect(keys.load(share)).rejects.toMatchObject(DATA_LOSS);
  expect(await keys.makeSupplies(KEY, 1, 1)).toEqual([]);
});

test('a secret that leaves the cache is wiped, and its owner notified', async () => {
  const shares = memoryShareStore();
  const closed: string[] = [];
  const kept = holdings(shares, closed, 1);
  const other = { ...AT, version: 2 };
  await kept.keep(AT, primes(), RECORD);
  await kept.load(AT, () => true);
  const bytes = kept.get(nameOf(AT))?.bytes.bytes;

  await expect(kept.load(other, () => true)).rejects.toMatchObject(DATA_LOSS);
  expect(closed).toEqual([]);
  kept.close();

  expect(closed).toEqual([nameOf(AT)]);
  expect(bytes).toEqual(new Uint8Array(768));
  expect(kept.get(nameOf(AT))).toBeUndefined();
});

test('sealed bytes of another format do not open', () => {
  const place = { ...AT, clusterId: clusterId('c1'.repeat(16)), nodeId: NODE };
  const wrappingKey = new Uint8Array(32).fill(1);
  const sealed = sealSecret(place, primes(), RECORD, wrappingKey, systemRandom);
  expect(sealed[0]).toBe(3);

  expect(unsealSecret(place, sealed, wrappingKey)?.kind).toBe('auxiliary/primes');
  for (const format of [0, 1, 2, 255]) {
    expect(unsealSecret(place, sealed.with(0, format), wrappingKey)).toBeUndefined();
  }
});

test('a secret of one set of participants is not taken for one of another set', () => {
  const supplies = new SingleUse(NODE, bootId(BOOT), { maximum: 8, perOwnerMaximum: 4 });
  const secret = new Uint8Array(32).fill(5);
  const made = supplies.add('key-1/1/node-1,node-2', { secret, parts: [] }, 0);

  expect(supplies.take('key-1/1/node-1,node-3', made)).toBe('gone');
  expect(supplies.take('key-1/1', made)).toBe('gone');
  expect(supplies.take('key-1/1/node-1,node-2', made)).toBe(secret);
  expect(supplies.take('key-1/1/node-1,node-2', made)).toBe('gone');
});

test('open secrets are bounded by their bytes as well: the least recently used is wiped', async () => {
  const shares = memoryShareStore();
  const closed: string[] = [];
  // Each takes 768 bytes and what is kept with them.
  const kept = holdings(shares, closed, 8, 3_000);
  const places = [1, 2, 3].map((version) => ({
    ...AT,
    version,
    sessionId: sessionId(`${version}`.repeat(64)),
  }));
  for (const at of places) await kept.keep(at, primes(), RECORD);
  const [first, second, third] = places.map(nameOf);
  const [one, two, three] = places;
  if (one === undefined || two === undefined || three === undefined) throw new Error('three');
  await kept.load(one, () => true);
  await kept.load(two, () => true);
  const wiped = kept.get(second ?? '')?.bytes.bytes;
  kept.get(first ?? '');

  await kept.load(three, () => true);

  expect(closed).toEqual([second]);
  expect(wiped?.every((byte) => byte === 0)).toBe(true);
  expect([first, second, third].map((name) => kept.get(name ?? '') !== undefined)).toEqual([
    true,
    false,
    true,
  ]);
  expect(kept.counts()).toMatchObject({ open: 2, hits: 4, misses: 3 });
  expect(kept.counts().bytes).toBeLessThanOrEqual(3_000);
});

test('all secrets of a key are erased for good, of every session, also of ones that are being kept, and none of another key', async () => {
  const shares = memoryShareStore();
  const held = holdings(shares);
  const second = { ...AT, sessionId: sessionId('22'.repeat(32)) };
  const other = { ...AT, keyId: keyId(`${KEY}-2`) };
  await held.keep(AT, primes(), RECORD);
  await held.keep(other, primes(), RECORD);
  await held.load(AT, () => true);
  // Not known to the first: another run of the process kept it.
  await holdings(shares).keep(
    { ...second, sessionId: sessionId('33'.repeat(32)) },
    primes(),
    RECORD,
  );
  const late = held.keep(second, primes(), RECORD).catch(() => {});

  await held.eraseAll(KEY);
  await late;

  expect((await shares.list({ limit: 9 })).items.map((each) => each.keyId)).toEqual([other.keyId]);
  expect(held.get(nameOf(AT))).toBeUndefined();
  await expect(held.keep(AT, primes(), RECORD)).rejects.toMatchObject({ reason: 'KEY_DESTROYED' });
  held.reopen(KEY);
  expect(await held.load(AT, () => true)).toBe(false);
  expect(held.isShut(KEY)).toBe(true);
  expect(await held.load(other, () => true)).toBe(true);
});
