import { beforeEach, expect, test } from '@jest/globals';
import { keyId, nodeId, taskId } from '../../../../src/common/index.js';
import { SupplyChecks } from '../../../../src/tasks/voter/supply-checks.js';
import { Assigner } from '../../../../src/tasks/leader/assigner.js';
import { Supplies } from '../../../../src/tasks/participant/supplies.js';
import { KeyShares } from '../../../../src/tasks/participant/key-shares.js';
import { SupplyPools } from '../../../../src/tasks/voter/supply-pools.js';
import {
  SUPPLY_KEPT_MS,
  SUPPLY_MAX,
  SUPPLY_MIN,
  WANTS_ANSWERED,
} from '../../../../src/tasks/limits.js';
import type { FreshSupplies, Supply } from '../../../../src/wire/index.js';
import { retired } from '../../../support/builders/active-key.js';
import { fill, Ledger, NODES } from '../../../support/builders/ledger.js';
import { dealKey, settle, TaskRoom } from '../../../support/builders/task-room.js';
import type { DealtKey } from '../../../support/builders/task-room.js';

const KEY = keyId('treasury');
const [TWO, THREE] = [nodeId('node-2'), nodeId('node-3')];
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

test('a leader gets no supplies of a retired key', async () => {
  wanted('node-2', retired(key.record));
  await settle();
  expect(published()).toEqual([]);
});

test('requests for supplies while a share is opened get one answer', async () => {
  for (let at = 0; at < 10; at++) wanted('node-2');
  await settle();
  expect(published()).toHaveLength(3);
});

test('a leader that asks again within a second gets twice as many, as far as there is room', async () => {
  const counts: (readonly string[])[] = [];
  for (let at = 0; at < 6; at++) {
    wanted('node-2');
    await settle();
    counts.push(published().filter((each) => each.startsWith('node-3')));
    room.clock.pass(100);
  }
  // In pieces of eight. 4 + 8 + 16 + 32 are 60, and there is room for 64.
  expect(counts.map((each) => each.map((some) => Number(some.slice('node-3 '.length))))).toEqual([
    [4],
    [8],
    [8, 8],
    [8, 8, 8, 8],
    [4],
    [],
  ]);
  room.clock.pass(60_000);
  room.keys.expire();
  wanted('node-2');
  await settle();
  expect(published()).toEqual(NODES.map((node) => `${node} 4`));
});

test('a leader that asks more often than every 50 ms gets no more answers for it', async () => {
  wanted('node-2');
  await settle();
  expect(published()).toHaveLength(3);
  for (let at = 0; at < 49; at++) {
    room.clock.pass(1);
    wanted('node-2');
    await settle();
  }
  expect(published()).toEqual([]);
  room.clock.pass(1);
  wanted('node-2');
  await settle();
  expect(published()).toEqual(NODES.map((node) => `${node} 8`));
});

test('a leader that asks for many keys gets no more supplies in all than an honest one needs', async () => {
  const more = Array.from({ length: 48 }, (_, at) => dealKey(room.ledger, `key-${at}`));
  for (const each of more) await room.hold(each);
  const made = (): number =>
    more.reduce((sum, { record }) => sum + room.keys.available(keyId(record.keyId), 1), 0);
  for (let at = 0; at < 20; at++) {
    for (const { record } of more) wanted('node-2', record);
    await settle();
    room.clock.pass(50);
  }
  const { burst, perSecond } = WANTS_ANSWERED;
  expect(made()).toBeLessThanOrEqual((burst + perSecond) * SUPPLY_MIN + SUPPLY_MAX);
});

test('a leader that is short of one key for long gets as many each time as were used', async () => {
  const kept: Supply[] = [];
  const counts: number[] = [];
  for (let at = 0; at < 150; at++) {
    wanted('node-2');
    await settle();
    const told = room
      .takeSent()
      .flatMap(({ to, message: { message } }) =>
        message?.$case === 'freshSupplies' && to === TWO ? message.value.supplies : [],
      );
    counts.push(told.length);
    kept.push(...told);
    room.keys.named(kept.splice(0, 4));
    room.clock.pass(100);
  }
  expect(counts.slice(0, 6)).toEqual([4, 8, 16, 32, 20, 4]);
  expect(new Set(counts.slice(6))).toEqual(new Set([4]));
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
  supplies.refill(key.record);
  await settle();
  return supplies.takeUntold(key.record)?.supplies.length ?? 0;
}

test('a share carries the missing supplies: more for a key in use, 48 at most, 4 again after a minute', async () => {
  expect(await next()).toBe(4);
  expect(await next()).toBe(0);
  for (let use = 0; use < 60; use++) supplies.countUse(KEY);
  expect(await next()).toBe(26);
  for (let use = 0; use < 10_000; use++) supplies.countUse(KEY);
  expect(await next()).toBe(18);

  room.clock.pass(60_000);
  room.keys.expire(room.clock.elapsed());
  supplies.sweep();
  expect(await next()).toBe(4);
});

test('a share carries as many supplies as signatures are under way, however slow they are', async () => {
  for (let at = 0; at < 40; at++) {
    supplies.taskOpen({ key: key.record, id: taskId(`task-${at}`) });
    room.clock.pass(1000);
  }
  expect(await next()).toBe(40);
  for (let at = 0; at < 40; at++) supplies.taskClosed(taskId(`task-${at}`));
  room.clock.pass(60_000);
  room.keys.expire(room.clock.elapsed());
  expect(await next()).toBe(4);
});

test('supplies that voters have forgotten do not count as ready, though they are kept', async () => {
  expect(await next()).toBe(4);
  room.clock.pass(SUPPLY_KEPT_MS);
  expect(await next()).toBe(4);
  expect(room.keys.available(KEY, 1)).toBe(8);
});

test('a share waits for no supplies: the used-up ones are made after it, and announced if no share follows', async () => {
  expect(supplies.takeUntold(key.record)).toBeUndefined();
  supplies.refill(key.record);
  expect(supplies.busy).toBe(true);
  supplies.tick();
  expect(published()).toEqual([]);
  await settle();
  supplies.tick();
  expect(published()).toEqual(NODES.map((node) => `${node} 4`));
  expect(supplies.busy).toBe(false);
});

test('a crowded node makes no supplies for a key at rest, one where its leader asks, and more for a key in use', async () => {
  const { ledger, boot } = room;
  room = new TaskRoom('node-1', ledger, boot, undefined, { suppliesMax: 40 });
  room.follow('node-2');
  await room.hold(key);
  const other = dealKey(ledger, 'other');
  await room.hold(other);
  supplies = new Supplies(room.context, room.keys, new KeyShares(room.keys, room.context.logger));
  await room.keys.makeSupplies(keyId('other'), 1, 30);

  expect(await next()).toBe(0);
  wanted('node-2');
  await settle();
  expect(published()).toEqual(NODES.map((node) => `${node} 1`));
  for (const id of ['one', 'two', 'three']) supplies.taskOpen({ key: key.record, id: taskId(id) });
  expect(await next()).toBe(2);
});

/** Takes a supply as a session does that names it. */
const isTaken = (each: Supply): boolean => typeof room.keys.take(KEY, 1, each) === 'object';

test('declines and requests for more cost none of the supplies that were told before', async () => {
  for (let at = 0; at < 5; at++) {
    wanted('node-2');
    await settle();
    room.clock.pass(100);
  }
  const told = room
    .takeSent()
    .flatMap(({ to, message: { message } }) =>
      message?.$case === 'freshSupplies' && to === room.self ? message.value.supplies : [],
    );
  expect(told).toHaveLength(64);
  // The leader has named them all. Before the entries are here it is refused for others, and asks.
  for (let at = 0; at < 50; at++) {
    await supplies.refillForRefusal(key.record);
    supplies.takeUntold(key.record);
    wanted('node-2');
    await settle();
    room.clock.pass(100);
  }
  expect(told.filter(isTaken)).toHaveLength(64);
});

test('supplies of several keys are told in the order in which they were made: a voter takes no earlier one', async () => {
  const other = dealKey(room.ledger, 'other');
  await room.hold(other);
  const pools = new SupplyPools();
  pools.hello(room.self, room.boot);
  const told = (fresh: FreshSupplies | undefined): void => {
    const sent = room
      .takeSent()
      .flatMap(({ to, message: { message } }) =>
        message?.$case === 'freshSupplies' && to === THREE ? [message.value] : [],
      );
    for (const { keyId: id, supplies: some } of [...sent, ...(fresh ? [fresh] : [])])
      pools.add(room.self, id, 1, some, 0);
  };
  for (const each of [key, other, key, other]) {
    for (let use = 0; use < 20; use++) supplies.countUse(keyId(each.record.keyId));
    supplies.refill(each.record);
    await settle();
  }
  // A share for the first key leaves before one for the other, and a refusal after both.
  told(supplies.takeUntold(key.record));
  await supplies.refillForRefusal(key.record);
  told(supplies.takeUntold(other.record));
  told(supplies.takeUntold(key.record));
  const pooled = [key, other].map(({ record: { keyId: id } }) => pools.of(id, 1, [room.self]));
  const ready = [key, other].map(({ record }) => room.keys.available(keyId(record.keyId), 1));
  expect(pooled.map(({ length }) => length)).toEqual(ready);
});

test('supplies that could not be computed are only missing: the next need makes them', async () => {
  const { compute } = room;
  room.compute = { run: () => Promise.reject(new Error('the worker died')), idle: () => true };
  await supplies.refillForRefusal(key.record);
  expect([supplies.takeUntold(key.record), await next()]).toEqual([undefined, 0]);
  room.compute = compute;
  await settle();
  expect(await next()).toBe(4);
});

test('a refusal carries fresh supplies, however many exist, while there is room', async () => {
  await room.keys.makeSupplies(KEY, 1, 60);
  await supplies.refillForRefusal(key.record);
  expect(supplies.takeUntold(key.record)?.supplies).toHaveLength(4);
  await supplies.refillForRefusal(key.record);
  expect(supplies.takeUntold(key.record)).toBeUndefined();
});

test('a refusal waits for no key share to be read: its supplies follow', async () => {
  const closed = new TaskRoom('node-1', room.ledger, room.boot, room.shares);
  closed.follow('node-2');
  room = closed;
  supplies = new Supplies(room.context, room.keys, new KeyShares(room.keys, room.context.logger));
  await supplies.refillForRefusal(key.record);
  expect([supplies.takeUntold(key.record), published()]).toEqual([undefined, []]);
  await settle();
  expect(published()).toEqual(NODES.map((node) => `${node} 4`));
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
