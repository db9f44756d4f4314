import { expect, test } from '@jest/globals';
import { CallTurns } from '../../../src/rpc/call-turns.js';
import { CALLS_TURN_MS } from '../../../src/rpc/limits.js';

/** A loop whose turns come when they are asked for, and calls that take so long to begin each. */
function loop(callMs: number) {
  let nowMs = 0;
  let next: (() => void)[] = [];
  const begun: number[] = [];
  const turns = new CallTurns({ elapsedMs: () => nowMs, nextTurn: (run) => next.push(run) });
  const call = (number: number) => (): void => {
    begun.push(number);
    nowMs += callMs;
  };
  return {
    begun,
    comes: (number: number) => turns.run(call(number)),
    /** Something else takes so long in this turn. */
    spend: (ms: number) => (nowMs += ms),
    /** @returns The calls that the turn has begun. */
    turn: (): readonly number[] => {
      const before = begun.length;
      const due = next;
      next = [];
      for (const run of due) run();
      return begun.slice(before);
    },
    isIdle: () => next.length === 0,
  };
}

test('of a hundred calls that come together one turn begins a few, and all begin in the order in which they came', () => {
  const { begun, comes, turn } = loop(1);
  const numbers = Array.from({ length: 100 }, (_, at) => at);
  for (const number of numbers) comes(number);

  const counts = [begun.length];
  while (begun.length < 100) counts.push(turn().length);

  expect(counts).toEqual(Array<number>(100 / CALLS_TURN_MS).fill(CALLS_TURN_MS));
  expect(begun).toEqual(numbers);
});

test('a call that comes alone begins at once, however late in its turn, and the loop is not kept awake for it', () => {
  const { begun, comes, spend, turn, isIdle } = loop(1);
  spend(50);
  comes(1);
  expect(begun).toEqual([1]);

  expect(turn()).toEqual([]);
  expect(isIdle()).toBe(true);
  spend(50);
  comes(2);
  expect(begun).toEqual([1, 2]);
});

test('a call that comes while others wait begins behind them, and one turn begins one at least', () => {
  const { begun, comes, turn } = loop(CALLS_TURN_MS + 3);
  for (const number of [1, 2, 3]) comes(number);
  expect(begun).toEqual([1]);

  expect(turn()).toEqual([2]);
  comes(4);
  expect(turn()).toEqual([3]);
  expect(turn()).toEqual([4]);
});
