import { beforeEach, expect, test } from '@jest/globals';
import { Alarms } from '../../../src/alarms/index.js';
import { CLOCK_JUMP_HELD_MS, SteadyClock } from '../../../src/raft/steady-clock.js';

const NOON = 1_700_000_000_000;
const TWO_HOURS = 7_200_000;
let elapsedMs: number;
let jumpMs: number;
let lines: unknown[];
let steady: SteadyClock;

beforeEach(() => {
  [elapsedMs, jumpMs, lines] = [0, 0, []];
  const clock = { now: () => NOON + elapsedMs + jumpMs, elapsed: () => elapsedMs };
  const write = (message: string, fields?: object) => lines.push([message, fields]);
  steady = new SteadyClock(clock, new Alarms(clock, { alarm: write, warn: write }));
});

test('a clock that goes on is shown as it is, small corrections included', () => {
  for (jumpMs = 0; jumpMs < 60_000; jumpMs += 4_000) {
    elapsedMs += 1_000;
    expect(steady.now()).toBe(NOON + elapsedMs + jumpMs);
  }
  expect(lines).toEqual([]);
});

test.each([TWO_HOURS, -TWO_HOURS])(
  'a jump of %i ms for some seconds is not shown, and told once',
  (jump) => {
    jumpMs = jump;
    for (const end = elapsedMs + CLOCK_JUMP_HELD_MS; elapsedMs < end; elapsedMs += 100)
      expect(steady.now()).toBe(NOON + elapsedMs);
    jumpMs = 0;

    expect(steady.now()).toBe(NOON + elapsedMs);
    elapsedMs += 2 * CLOCK_JUMP_HELD_MS;
    expect(steady.now()).toBe(NOON + elapsedMs);
    expect(lines[0]).toEqual(['The clock of this node has jumped', { by_ms: jump }]);
    expect(lines).toHaveLength(1);
  },
);

test('a jump that lasts is believed', () => {
  jumpMs = TWO_HOURS;
  expect(steady.now()).toBe(NOON);
  elapsedMs += CLOCK_JUMP_HELD_MS;

  expect(steady.now()).toBe(NOON + CLOCK_JUMP_HELD_MS + TWO_HOURS);
  expect(steady.now()).toBe(NOON + CLOCK_JUMP_HELD_MS + TWO_HOURS);
});

test('a second jump before the first is believed begins to wait anew', () => {
  jumpMs = TWO_HOURS;
  steady.now();
  elapsedMs += CLOCK_JUMP_HELD_MS - 1;
  jumpMs = 2 * TWO_HOURS;
  expect(steady.now()).toBe(NOON + elapsedMs);
  elapsedMs += CLOCK_JUMP_HELD_MS - 1;
  expect(steady.now()).toBe(NOON + elapsedMs);
  elapsedMs += 1;

  expect(steady.now()).toBe(NOON + elapsedMs + jumpMs);
});
