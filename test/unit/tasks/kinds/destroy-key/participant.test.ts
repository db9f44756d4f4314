import { beforeAll, beforeEach, expect, test } from '@jest/globals';
import { keyId, taskId } from '../../../../../src/common/index.js';
import { isDestroyKey, keyOfDestroyed } from '../../../../../src/state/index.js';
import type { ParsedDestroyKey } from '../../../../../src/state/index.js';
import type { LiveTask } from '../../../../../src/tasks/live-tasks.js';
import { ShareStoreError } from '../../../../../src/ports/index.js';
import { memoryShareStore } from '../../../../../src/store/index.js';
import { DestroyParticipant } from '../../../../../src/tasks/kinds/destroy-key/participant.js';
import { Command, decode } from '../../../../../src/wire/index.js';
import type { Destroyed } from '../../../../../src/wire/index.js';
import { apply, KeyOrders } from '../../../../support/builders/key-orders.js';
import type { Ledger } from '../../../../support/builders/ledger.js';
import { dealKey, settle, TaskRoom } from '../../../../support/builders/task-room.js';

const HOUR_MS = 3_600_000;
const KEY = keyId('treasury');

let orders: KeyOrders;
let ledger: Ledger;
let room: TaskRoom;
let task = '';
let store = memoryShareStore();
let failing = false;

beforeAll(async () => {
  orders = await KeyOrders.create();
});

/** Node 1 with a share of a key that the log has destroyed. */
beforeEach(async () => {
  failing = false;
  store = memoryShareStore();
  ledger = orders.ledger();
  const key = dealKey(ledger);
  room = new TaskRoom('node-1', ledger, undefined, {
    ...store,
    putIfAbsent: (id, sealed) => store.putIfAbsent(id, sealed),
    get: (id) => store.get(id),
    list: (page) => store.list(page),
    close: () => store.close(),
    delete: (id) =>
      failing ? Promise.reject(new ShareStoreError('unavailable', 'a test')) : store.delete(id),
  });
  await room.hold(key);
  apply(ledger, orders.retire(ledger, KEY, { seconds: 3_600 }));
  ledger.timeMs += HOUR_MS;
  [task = ''] = apply(ledger, orders.destroy(ledger, KEY)).changedTasks;
});

/** Looks at the task as the reconciler does, and returns what is said in the log. */
async function look(participant: DestroyParticipant): Promise<readonly Destroyed[]> {
  const live = room.liveTasks().refresh(taskId(task));
  if (live === undefined || !isDestroyKey(live.asked)) throw new Error('no task');
  participant.contribute(live as LiveTask<ParsedDestroyKey>);
  await settle();
  await settle();
  return room.takeSent().flatMap(({ message }) => {
    if (message.message?.$case !== 'fact') return [];
    const said = decode(Command, message.message.value.command)?.command;
    return said?.$case === 'destroyed' ? [said.value] : [];
  });
}

const kept = async (): Promise<number> => (await store.list({ limit: 9 })).items.length;

test('a holder erases its shares, and says so in the log, signed', async () => {
  room.clock.pass(HOUR_MS);
  expect(await kept()).toBe(1);

  const [said] = await look(new DestroyParticipant(room.participating()));

  expect(await kept()).toBe(0);
  expect(said && keyOfDestroyed(ledger.state, said, ledger.rules)?.keyId).toBe(KEY);
});

test('nothing is erased while the recovery window is not over by this node’s own clock', async () => {
  const participant = new DestroyParticipant(room.participating());
  room.clock.pass(HOUR_MS - 1);
  expect(await look(participant)).toEqual([]);
  expect(await kept()).toBe(1);
  room.clock.pass(1);
  expect(await look(participant)).toHaveLength(1);
  expect(await kept()).toBe(0);
});

test('a node whose store does not delete says nothing, and tries again at the next look', async () => {
  const participant = new DestroyParticipant(room.participating());
  room.clock.pass(HOUR_MS);
  failing = true;
  expect(await look(participant)).toEqual([]);
  failing = false;
  expect(await look(participant)).toHaveLength(1);
  expect(await kept()).toBe(0);
});

test('a node that does not have the newest state erases nothing', async () => {
  room.clock.pass(HOUR_MS);
  room.status = { ...room.status, current: false };
  expect(await look(new DestroyParticipant(room.participating()))).toEqual([]);
  expect(await kept()).toBe(1);
});

test('shares of a destroyed key that a store holds again, put back from a copy, are erased at the start', async () => {
  room.clock.pass(HOUR_MS);
  const participant = new DestroyParticipant(room.participating());
  participant.sweep();
  await settle();
  await settle();
  expect(await kept()).toBe(0);
});
