import { beforeEach, expect, test } from '@jest/globals';
import { keyId, nodeId, taskId } from '../../../../src/common/index.js';
import { SupplyChecks } from '../../../../src/tasks/voter/supply-checks.js';
import { Assigner } from '../../../../src/tasks/leader/assigner.js';
import { Supplies } from '../../../../src/tasks/participant/supplies.js';
import { KeyShares } from '../../../../src/tasks/participant/key-shares.js';
import { SupplyPools } from '../../../../src/tasks/voter/supply-pools.js';
import { WANTS_ANSWERED } from '../../../../src/tasks/limits.js';
import { fill, Ledger, NODES } from '../../../support/builders/ledger.js';
import { dealKey, settle, TaskRoom } from '../../../support/builders/task-room.js';
import type { DealtKey } from '../../../support/builders/task-room.js';

const KEY = keyId('treasury');
let key: DealtKey;
let room: TaskRoom;
let supplies: Supplies;

beforeEach(async () => {
  const ledger = new Ledger();
  key = dealKey(ledger);
  room = new TaskRoom('node-1', ledger);
  room.follow('node-2');
  await room.hold(key);
  supplies = new Supplies(room.context, room.keys, new KeyShares(room.keys, room.context.logger));
});

/** A node asks for supplies of a key. */
function wanted(from: string, record = key.record): void {
  supplies.onWanted(nodeId(from), record.keyId, () => record);
}

/** How many supplies went to each node since the last look. */
function published(): readonly string[] {
  return room
    .takeSent()
    .flatMap(({ to, message: { message } }) =>
      message?.$case === 'freshSupplies' ? [`${to} ${message.value.supplies.length}`] : [],
    );
}

test('only the node believed to lead gets supplies for all voters when it asks', async () => {
  wanted('node-3');
  await settle();
  expect(published()).toEqual([]);
  wanted('node-2');
  await settle();
  expect(published()).toEqual(NODES.map((node) => `${node} 4`));
});

test('requests for supplies while a share is opened get one answer', async () => {
  for (let at = 0; at < 10; at++) wanted('node-2');
  await settle();
  expect(published()).toHaveLength(3);
});

test('a leader that asks again and again gets no more answers than one that asks every 50 ms', async () => {
  let answers = 0;
  for (let at = 0; at < 100; at++) {
    wanted('node-2');
    await settle();
    answers += published().length / NODES.length;
    room.clock.pass(10);
  }
  expect(answers).toBe(20);
});

test('a leader that asks for ever other keys is answered within its budget, and no key is read beyond it', () => {
  let read = 0;
  for (let at = 0; at < 2 * WANTS_ANSWERED.burst; at++) {
    supplies.onWanted(nodeId('node-2'), `key-${at}`, () => {
      read += 1;
      return undefined;
    });
  }
  expect(read).toBe(WANTS_ANSWERED.burst);
  // A node that does not lead costs nothing.
  supplies.onWanted(nodeId('node-3'), 'treasury', () => {
    throw new Error('it is not read');
  });
});

test('a node without a share of the key sends no supplies', async () => {
  const participants = key.record.participants.slice(1);
  wanted('node-2', { ...key.record, participants });
  await settle();
  expect([published(), room.alarms]).toEqual([[], []]);
});

/** How many go with a share, once they are made. */
async function next(): Promise<number> {
  supplies.takeUnannounced(key.record);
  await settle();
  return supplies.takeUnannounced(key.record)?.supplies.length ?? 0;
}

test('a share carries the missing supplies: more for a key in use, 64 at most, 4 again after a minute', async () => {
  expect(await next()).toBe(4);
  expect(await next()).toBe(0);
  for (let use = 0; use < 100; use++) supplies.countUse(KEY);
  expect(await next()).toBe(46);
  for (let use = 0; use < 10_000; use++) supplies.countUse(KEY);
  expect(await next()).toBe(14);

  room.clock.pass(60_000);
  room.keys.expire(room.clock.elapsed());
  supplies.sweep();
  expect(await next()).toBe(4);
});

test('a share waits for no supplies: the used-up ones are made after it, and announced if no share follows', async () => {
  expect(supplies.takeUnannounced(key.record)).toBeUndefined();
  expect(supplies.busy).toBe(true);
  supplies.tick();
  expect(published()).toEqual([]);
  await settle();
  supplies.tick();
  expect(published()).toEqual(NODES.map((node) => `${node} 4`));
  expect(supplies.busy).toBe(false);
});

test('supplies that could not be computed are only missing: the next need makes them', async () => {
  const { compute } = room;
  room.compute = { run: () => Promise.reject(new Error('the worker died')), idle: () => true };
  const fresh = await supplies.refillForRefusal(key.record);
  expect([fresh, await next()]).toEqual([undefined, 0]);
  room.compute = compute;
  await settle();
  expect(await next()).toBe(4);
});

test('a refusal carries fresh supplies, however many exist', async () => {
  await room.keys.makeSupplies(KEY, 1, 64);
  expect((await supplies.refillForRefusal(key.record))?.supplies).toHaveLength(4);
});

test('a leader that asks for many keys remembers only its latest requests', () => {
  const pools = new SupplyPools();
  const checks = new SupplyChecks(room.context, room.arithmetic, pools, () => {});
  const assigner = new Assigner(room.context, room.connections, pools, checks);
  const asked = (id: string): number => {
    assigner.withSupplies(
      { taskId: taskId('task'), requestHash: fill(1), number: 1 },
      { ...key.record, keyId: id },
      NODES,
      [],
    );
    return room.takeSent().length;
  };
  expect([asked('a'), asked('b'), asked('a')]).toEqual([3, 3, 0]);
  room.clock.pass(99);
  expect(asked('a')).toBe(0);
  room.clock.pass(1);
  expect([asked('a'), asked('a'), asked('b')]).toEqual([3, 0, 3]);
});
