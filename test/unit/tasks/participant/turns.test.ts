import { expect, test } from '@jest/globals';
import { Turns } from '../../../../src/tasks/participant/turns.js';
import { settle } from '../../../support/builders/task-room.js';

test('no more have a turn than may, and the others wait in their order', async () => {
  const turns = new Turns(2);
  const begun: number[] = [];
  const ends = new Map<number, () => void>();
  const begin = async (at: number): Promise<void> => {
    const end = await turns.take();
    begun.push(at);
    ends.set(at, end);
  };
  for (const at of [1, 2, 3, 4]) void begin(at);
  await settle();
  expect(begun).toEqual([1, 2]);
  ends.get(2)?.();
  await settle();
  expect(begun).toEqual([1, 2, 3]);
  void begin(5);
  ends.get(1)?.();
  ends.get(3)?.();
  await settle();
  expect(begun).toEqual([1, 2, 3, 4, 5]);
  for (const at of [4, 5]) ends.get(at)?.();
  void begin(6);
  void begin(7);
  void begin(8);
  await settle();
  expect(begun.slice(5)).toEqual([6, 7]);
});
