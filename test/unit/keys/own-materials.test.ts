import { expect, test } from '@jest/globals';
import { clusterId, nodeId } from '../../../src/common/index.js';
import type { KeepMaterialInput } from '../../../src/keys/index.js';
import { systemRandom } from '../../../src/machine/index.js';
import { memoryShareStore } from '../../../src/store/index.js';
import { replaceShare } from '../../support/builders/stores.js';
import { KEY, manager, OTHER_SESSION, SESSION, sharing } from './sharing.js';

const DATA_LOSS = { code: 'data-loss', reason: 'KEY_SHARE_SEAL' };

function material(parts: Partial<KeepMaterialInput> = {}): KeepMaterialInput {
  return {
    setId: new Uint8Array(16).fill(7),
    generation: 2,
    sessionId: SESSION,
    digest: new Uint8Array(32).fill(8),
    profile: 'P3072',
    secret: systemRandom.bytes(768),
    record: systemRandom.bytes(300),
    ...parts,
  };
}

test('material survives a restart, and opens as it was kept', async () => {
  const shares = memoryShareStore();
  const kept = material();
  const secret = Uint8Array.from(kept.secret);
  await manager(shares).materials.keep(kept);
  expect(kept.secret).toEqual(secret);

  const { materials } = manager(shares);
  expect(materials.secret(kept)).toBeUndefined();
  expect(await materials.load(kept)).toBe(true);
  expect(materials.secret(kept)).toEqual(secret);
  expect(await materials.record(kept.setId, kept.sessionId)).toEqual(kept.record);
});

test('a caller gets a copy of material', async () => {
  const { materials } = manager();
  const kept = material();
  await materials.keep(kept);
  await materials.load(kept);
  materials.secret(kept)?.fill(0);
  expect(materials.secret(kept)).toEqual(kept.secret);
});

test('material is not in the store in clear', async () => {
  const shares = memoryShareStore();
  const kept = material();
  await manager(shares).materials.keep(kept);
  const { items } = await shares.list({ limit: 9 });
  const [id] = items;
  const sealed = id === undefined ? undefined : await shares.get(id);
  const hex = Buffer.from(sealed ?? []).toString('hex');
  expect(hex).toContain(Buffer.from(kept.record).toString('hex'));
  expect(hex).not.toContain(Buffer.from(kept.secret.subarray(0, 16)).toString('hex'));
});

test.each<[string, Partial<KeepMaterialInput>]>([
  ['another generation', { generation: 3 }],
  ['another digest', { digest: new Uint8Array(32).fill(9) }],
  ['another profile', { profile: 'P2048' }],
])('material does not open as that of %s', async (_, other) => {
  const shares = memoryShareStore();
  const kept = material();
  await manager(shares).materials.keep(kept);
  const { materials } = manager(shares);
  await expect(materials.load({ ...kept, ...other })).rejects.toMatchObject(DATA_LOSS);
  await materials.load(kept);
  expect(materials.secret({ ...kept, ...other })).toBeUndefined();
});

test('material does not open on another node, or in another cluster', async () => {
  const shares = memoryShareStore();
  const kept = material();
  await manager(shares).materials.keep(kept);
  for (const parts of [{ nodeId: nodeId('node-2') }, { clusterId: clusterId('c2'.repeat(16)) }]) {
    const { materials } = manager(shares, parts);
    await expect(materials.load(kept)).rejects.toMatchObject(DATA_LOSS);
  }
});

test('material of another set, or of a session that made none, is not there', async () => {
  const { materials } = manager();
  const kept = material();
  await materials.keep(kept);
  expect(await materials.load({ ...kept, setId: new Uint8Array(16).fill(6) })).toBe(false);
  expect(await materials.load({ ...kept, sessionId: OTHER_SESSION })).toBe(false);
  expect(await materials.record(kept.setId, OTHER_SESSION)).toBeUndefined();
});

test('a record beside material that was exchanged keeps it from opening', async () => {
  const shares = memoryShareStore();
  const kept = material();
  await manager(shares).materials.keep(kept);
  const { items } = await shares.list({ limit: 9 });
  const [id] = items;
  if (id === undefined) throw new Error('nothing is kept');
  const sealed = (await shares.get(id)) ?? new Uint8Array(0);
  await replaceShare(shares, id, sealed.with(sealed.length - 1, (sealed.at(-1) ?? 0) ^ 1));
  await expect(manager(shares).materials.load(kept)).rejects.toMatchObject(DATA_LOSS);
});

test('a session has one material: another one is refused, and the first stays', async () => {
  const { materials } = manager();
  const kept = material();
  await materials.keep(kept);
  await materials.keep(kept);
  await expect(materials.keep(material())).rejects.toMatchObject({ code: 'already-exists' });
  await materials.load(kept);
  expect(materials.secret(kept)).toEqual(kept.secret);
});

test('material that is dropped is gone from memory and store, and no other with it', async () => {
  const shares = memoryShareStore();
  const { materials } = manager(shares);
  const [old, active] = [material(), material({ generation: 3, sessionId: OTHER_SESSION })];
  for (const each of [old, active]) {
    await materials.keep(each);
    await materials.load(each);
  }
  await materials.drop(old.setId, old.sessionId);

  expect(materials.secret(old)).toBeUndefined();
  expect(await materials.load(old)).toBe(false);
  expect(await manager(shares).materials.load(old)).toBe(false);
  expect(materials.secret(active)).toEqual(active.secret);
  const left = [{ setId: active.setId, sessionId: active.sessionId }];
  expect(await materials.kept()).toEqual(left);
  expect(await manager(shares).materials.kept()).toEqual(left);
});

test('material and key shares are counted apart', async () => {
  const keys = manager();
  await keys.keep(sharing());
  await keys.materials.keep(material());
  expect(await keys.pending(KEY)).toBe(1);
  expect(await keys.materials.kept()).toHaveLength(1);
});

test('material that leaves the cache is loaded again when it is asked for', async () => {
  const keys = manager(memoryShareStore(), { limits: { openSharesMax: 1 } });
  const [one, two] = [material(), material({ setId: new Uint8Array(16).fill(6) })];
  for (const each of [one, two]) {
    await keys.materials.keep(each);
    await keys.materials.load(each);
  }
  expect(keys.materials.secret(one)).toBeUndefined();
  expect(await keys.materials.load(one)).toBe(true);
  expect(keys.materials.secret(one)).toEqual(one.secret);
});

test('material does not become JSON', () => {
  expect(() => JSON.stringify(manager().materials)).toThrow('JSON');
});
