import { expect, test } from '@jest/globals';
import { keyId, sessionId, utf8 } from '../../src/common/index.js';
import { ShareStoreError } from '../../src/ports/index.js';
import { memoryShareStore, openLmdbShareStore } from '../../src/store/index.js';
import { openShareStore, ShareDisk } from '../simulation/disk.js';
import type { Fate } from '../simulation/disk.js';
import { PROMPT_DISK } from '../support/builders/simulated-disk.js';
import { alterRecord, shareRecordName, temporaryDirectory } from '../support/builders/stores.js';
import { shareStoreSuite } from './share-store-suite.js';

const EVENTS = { durable: () => undefined, erased: () => undefined };

function lastBitFlipped(bytes: Uint8Array): Uint8Array {
  return bytes.map((byte, at) => (at === bytes.length - 1 ? byte ^ 1 : byte));
}

shareStoreSuite('memory', async () => {
  const records = new Map<string, Uint8Array>();
  return {
    open: async () => memoryShareStore(records),
    damage: async (id) => {
      const name = shareRecordName(id);
      records.set(name, lastBitFlipped(records.get(name) ?? new Uint8Array()));
    },
    remove: async () => {},
  };
});

shareStoreSuite('lmdb', async () => {
  const { path, remove } = await temporaryDirectory();
  return {
    open: () => openLmdbShareStore(path),
    damage: (id) => alterRecord(path, 'shares', utf8(shareRecordName(id)), lastBitFlipped),
    remove,
  };
});

shareStoreSuite('simulated', async () => {
  const disk = new ShareDisk();
  return {
    open: async () => openShareStore(disk, PROMPT_DISK, EVENTS),
    damage: async (id) => disk.damage(id),
    remove: async () => {},
  };
});

test.each<[Fate, boolean]>([
  ['full', false],
  ['failed', false],
  ['failed but kept', true],
])('share store: simulated: a write that is %s is told as unavailable', async (fate, isKept) => {
  const disk = new ShareDisk();
  const failing = openShareStore(disk, { ...PROMPT_DISK, fate: () => fate }, EVENTS);
  const id = { keyId: keyId('key'), sessionId: sessionId('aa'.repeat(32)) };

  const error: unknown = await failing.putIfAbsent(id, utf8('one')).catch((e: unknown) => e);

  expect(error).toBeInstanceOf(ShareStoreError);
  expect(error).toMatchObject({ kind: 'unavailable' });
  expect(disk.get(id) !== undefined).toBe(isKept);
  const again = await openShareStore(disk, PROMPT_DISK, EVENTS).putIfAbsent(id, utf8('two'));
  expect(again).toEqual(isKept ? { absent: false, present: utf8('one') } : { absent: true });
});
