import { expect, test } from '@jest/globals';
import { ShareStoreError } from '../../../../src/ports/index.js';
import type { ShareStore } from '../../../../src/ports/index.js';
import { memoryShareStore } from '../../../../src/store/index.js';
import { KeyShares } from '../../../../src/tasks/participant/key-shares.js';
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
