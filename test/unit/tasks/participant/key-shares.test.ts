import { expect, test } from '@jest/globals';
import { keyId } from '../../../../src/common/index.js';
import { ShareStoreError } from '../../../../src/ports/index.js';
import type { ShareStore } from '../../../../src/ports/index.js';
import { memoryShareStore } from '../../../../src/store/index.js';
import { KeyShares } from '../../../../src/tasks/participant/key-shares.js';
import { retired } from '../../../support/builders/active-key.js';
import { Ledger } from '../../../support/builders/ledger.js';
import { dealKey, TaskRoom } from '../../../support/builders/task-room.js';

/** Node 1 with a key share, on a store whose reads fail as `errors` says, one after the other. */
async function failing(...errors: ShareStoreError[]) {
  const working = memoryShareStore();
  const ledger = new Ledger();
  const key = dealKey(ledger);
  await new TaskRoom('node-1', ledger, undefined, working).hold(key);
  const shares: ShareStore = {
    putIfAbsent: (id, sealed) => working.putIfAbsent(id, sealed),
    replace: (id, before, after) => working.replace(id, before, after),
    get: (id) => {
      const error = errors.shift();
      return error === undefined ? working.get(id) : Promise.reject(error);
    },
    delete: (id) => working.delete(id),
    list: (page) => working.list(page),
    close: () => working.close(),
  };
  const room = new TaskRoom('node-1', ledger, undefined, shares);
  return { room, keyShares: new KeyShares(room.keys, room.context.logger), record: key.record };
}

test('an unavailable share store raises no alarm, and the next look loads the share', async () => {
  const { room, keyShares, record } = await failing(new ShareStoreError('unavailable', 'a test'));

  expect(await keyShares.load(record)).toBe(false);
  expect(await keyShares.load(record)).toBe(true);

  expect(room.alarms).toEqual([]);
});

test('a damaged record of a key share raises an alarm, once', async () => {
  const damaged = new ShareStoreError('damaged', 'a test');
  const { room, keyShares, record } = await failing(damaged, damaged);

  expect(await keyShares.load(record)).toBe(false);
  expect(await keyShares.load(record)).toBe(false);

  expect(room.alarms).toEqual(['key share cannot be opened']);
});

test('the share and supplies of a retired key leave memory, and the share is not opened again until it is restored', async () => {
  const { room, keyShares, record } = await failing();
  await keyShares.load(record);
  await room.keys.makeSupplies(keyId(record.keyId), 1, 4);
  const [share, id] = [room.keys.share(keyId(record.keyId), 1), keyId(record.keyId)];
  expect([share === undefined, room.keys.available(id, 1)]).toEqual([false, 4]);

  keyShares.keyChanged(retired(record));

  expect([room.keys.isLoaded(id, 1), room.keys.available(id, 1)]).toEqual([false, 0]);
  // What was begun before the key was retired does not bring it back, and is no reason for an alarm.
  expect(await keyShares.load(record)).toBe(false);
  expect(room.alarms).toEqual([]);

  keyShares.keyChanged(record);
  expect(await keyShares.load(record)).toBe(true);
});

test('a key that is retired while its share is read stays closed', async () => {
  const { room, keyShares, record } = await failing();
  const loading = keyShares.load(record);
  keyShares.keyChanged(retired(record));
  expect(await loading).toBe(false);
  expect(room.keys.isLoaded(keyId(record.keyId), 1)).toBe(false);
});
