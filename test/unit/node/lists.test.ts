import { expect, test } from '@jest/globals';
import { Lists, LISTS_AT_ONCE, LISTS_WAITING_MAX } from '../../../src/node/lists.js';
import { ListIndex, Overlay } from '../../../src/state/index.js';
import type { Sliced } from '../../../src/state/index.js';
import { memoryConsensusStore } from '../../../src/store/index.js';
import { ManualClock } from '../../support/builders/task-room.js';

/** Lists on a clock that tests move, of which each takes so many slices. */
class Room {
  readonly clock = new ManualClock();
  readonly lists = new Lists(new ListIndex(new Overlay(memoryConsensusStore())), this.clock);
  /** The names of those that are worked on, and how many slices were done for each. */
  readonly begun: string[] = [];
  readonly slices = new Map<string, number>();
  readonly ended: string[] = [];
  /** Steps that were charged, by caller. */
  readonly measured = new Map<string, number>();

  list(name: string, slices = 3, signal = new AbortController().signal): Promise<string> {
    const { slices: done, ended } = this;
    function* work(): Sliced<string> {
      for (let at = 1; at <= slices; at++) {
        done.set(name, at);
        yield;
      }
      ended.push(name);
      return name;
    }
    const measure = <T>(step: () => T): T => {
      this.measured.set(name, (this.measured.get(name) ?? 0) + 1);
      return step();
    };
    return this.lists.run({ signal, measure }, () => {
      this.begun.push(name);
      return Promise.resolve(work());
    });
  }

  /** A turn of the loop: timers that are due, then all that waits for nothing but its turn. */
  async turn(count = 1): Promise<void> {
    for (let at = 0; at < count; at++) {
      this.clock.pass(1);
      for (let each = 0; each < 30; each++) await Promise.resolve();
    }
  }
}

const reasonOf = (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    () => 'answered',
    (error: unknown) => (error as { reason?: unknown }).reason ?? error,
  );

test('every slice of a list is charged to the caller that the list is made for', async () => {
  const room = new Room();
  const lists = Promise.all([room.list('a', 3), room.list('b', 1)]);
  await room.turn(10);
  await lists;
  expect(Object.fromEntries(room.measured)).toEqual({ a: 4, b: 2 });
});

test('a few lists are worked on at a time, each gives the loop a turn between slices, the others wait in order', async () => {
  const room = new Room();
  const names = ['a', 'b', 'c', 'd'];
  const all = Promise.all(names.map((name) => room.list(name)));

  await room.turn(5);
  expect(room.begun).toEqual(names.slice(0, LISTS_AT_ONCE));
  const before = room.slices.get('a') ?? 0;
  await room.turn();
  expect((room.slices.get('a') ?? 0) - before).toBeLessThanOrEqual(1);

  await room.turn(20);
  expect(await all).toEqual(names);
  expect(room.ended).toEqual(names);
});

test('no more lists wait than there is room for', async () => {
  const room = new Room();
  const names = Array.from({ length: LISTS_AT_ONCE + LISTS_WAITING_MAX }, (_, at) => `${at}`);
  const all = Promise.all(names.map((name) => room.list(name, 1)));

  expect(await reasonOf(room.list('late', 1))).toBe('TOO_MANY_LISTS');
  await room.turn(400);
  expect(await all).toEqual(names);
});

test('a list whose call has ended stops waiting, or working, and leaves its place', async () => {
  const room = new Room();
  const over = new Error('over');
  const [working, waiting, unborn] = [1, 2, 3].map(() => new AbortController()) as [
    AbortController,
    AbortController,
    AbortController,
  ];
  const worked = reasonOf(room.list('working', 1e9, working.signal));
  const other = room.list('other');
  const waited = reasonOf(room.list('waiting', 1, waiting.signal));
  const last = room.list('last', 1);
  await room.turn(3);

  waiting.abort(over);
  expect(await waited).toBe(over);
  working.abort(over);
  await room.turn(12);
  expect(await worked).toBe(over);
  expect(await Promise.all([other, last])).toEqual(['other', 'last']);
  unborn.abort(over);
  expect(await reasonOf(room.list('unborn', 1, unborn.signal))).toBe(over);
  expect(room.begun).toEqual(['working', 'other', 'last']);
});

test('when the node stops, lists that wait and lists that are worked on end', async () => {
  const room = new Room();
  const all = ['a', 'b', 'c', 'd'].map((name) => reasonOf(room.list(name, 1e9)));
  await room.turn(3);
  room.lists.stop();
  await room.turn(3);

  expect(await Promise.all(all)).toEqual(Array.from({ length: 4 }, () => 'STOPPING'));
  expect(await reasonOf(room.list('late'))).toBe('STOPPING');
});
