import { expect, test } from '@jest/globals';
import { createHash } from 'node:crypto';
import { nodeId, u64be } from '../../../src/common/index.js';
import { entryHash, ENTRY_KINDS } from '../../../src/raft/entry-hash.js';
import { TIMING } from '../../../src/raft/limits.js';
import { outcome, reachedByMajority } from '../../../src/raft/quorum.js';
import type { Ballot } from '../../../src/raft/quorum.js';
import { ReadWaiters } from '../../../src/raft/read-waiters.js';
import { TickCounter } from '../../../src/raft/tick-counter.js';
import { ClockReadings, isTimely } from '../../../src/raft/time.js';

test('an entry’s hash is SHA-256(previous ‖ u64 index ‖ u64 term ‖ u8 kind ‖ u64 time ‖ payload)', () => {
  const previous = new Uint8Array(32).fill(3);
  const payload = Uint8Array.of(1, 2, 3);
  for (const [byte, kind] of ENTRY_KINDS.entries()) {
    const hash = createHash('sha256')
      .update(previous)
      .update(u64be(5))
      .update(u64be(2 ** 40))
      .update(Uint8Array.of(byte))
      .update(u64be(1_700_000_000_123))
      .update(payload)
      .digest();
    const fields = { index: 5, term: 2 ** 40, kind, timeMs: 1_700_000_000_123, payload };

    expect(entryHash(previous, fields)).toEqual(new Uint8Array(hash));
  }
  expect(ENTRY_KINDS).toEqual(['genesis', 'no-op', 'command', 'member']);
});

test('the index on a majority is the highest that a majority has reached', () => {
  for (let count = 1; count <= 6; count++) {
    for (let seed = 0; seed < 50; seed++) {
      const values = Array.from({ length: count }, (_, at) => (seed * 31 + at * at * 17) % 10);
      const reached = reachedByMajority(values);
      const atLeast = (value: number) => values.filter((each) => each >= value).length;
      expect(atLeast(reached) * 2).toBeGreaterThan(count);
      expect(atLeast(reached + 1) * 2).toBeLessThanOrEqual(count);
    }
  }
});

function ballot(...votes: boolean[]): Ballot {
  return new Map(votes.map((vote, at) => [nodeId(`n${at}`), vote] as const));
}

test('an election is decided as soon as a majority has granted, or can no longer grant', () => {
  expect(outcome(ballot(true), 1)).toBe('won');
  expect(outcome(ballot(true), 3)).toBe('pending');
  expect(outcome(ballot(true, false), 3)).toBe('pending');
  expect(outcome(ballot(true, false, false), 3)).toBe('lost');
  expect(outcome(ballot(true, true), 3)).toBe('won');
  expect(outcome(ballot(true, false), 2)).toBe('lost');
  expect(outcome(ballot(true, true, false, false), 4)).toBe('lost');
});

test('the time of a majority needs clock readings of a majority, the own clock included', () => {
  const voters = ['a', 'b', 'c', 'd', 'e'].map(nodeId);
  const [a, b, c] = voters;
  if (!a || !b || !c) return;
  const clocks = new ClockReadings();
  const now = 1_000_000;

  expect(clocks.reachedByMajority(a, voters, now)).toBe(-Infinity);
  clocks.record(b, now + 70, now);
  expect(clocks.reachedByMajority(a, voters, now)).toBe(-Infinity);
  clocks.record(c, now - 30, now);
  expect(clocks.reachedByMajority(a, voters, now)).toBe(now - 30);
  expect(clocks.reachedByMajority(a, voters, now + 1000)).toBe(now - 30);
  expect(clocks.reachedByMajority(a, voters, now + 1001)).toBe(-Infinity);
  expect(clocks.reachedByMajority(a, voters, now - 1)).toBe(-Infinity);
});

test('the clocks of a majority agree when they are within a minute of each other, whichever they are', () => {
  const voters = ['a', 'b', 'c', 'd', 'e'].map(nodeId);
  const [a, b, c, d] = voters;
  if (!a || !b || !c || !d) return;
  const clocks = new ClockReadings();
  const now = 1_000_000_000;

  expect(clocks.majorityAgrees(a, voters, now)).toBe(false);
  clocks.record(b, now + 90_000, now);
  clocks.record(c, now + 150_000, now);
  expect(clocks.majorityAgrees(a, voters, now)).toBe(false);
  clocks.record(d, now + 90_001, now);
  expect(clocks.majorityAgrees(a, voters, now)).toBe(true);
  clocks.record(c, now + 150_001, now);
  expect(clocks.majorityAgrees(a, voters, now)).toBe(false);
  expect(clocks.majorityAgrees(a, [a], now)).toBe(true);
});

test('an entry that a majority has applied is in time, whatever the own clock says', () => {
  expect(isTimely(90_000, 900_000, 100_000, 899_999)).toBe(false);
  expect(isTimely(90_000, 900_000, 100_000, 900_000)).toBe(true);
  expect(isTimely(90_000, 89_999, 100_000, 900_000)).toBe(false);
});

test('an entry’s time is judged against its predecessor and the own clock', () => {
  const now = 100_000;

  expect(isTimely(90_000, 89_999, now)).toBe(false);
  expect(isTimely(90_000, 90_000, now)).toBe(true);
  expect(isTimely(90_000, 105_000, now)).toBe(true);
  expect(isTimely(90_000, 105_001, now)).toBe(false);
  expect(isTimely(900_000, 900_000, now)).toBe(true);
});

test('ticks count with their fractions, and after a stall at most half an election timeout of them', () => {
  const ticks = new TickCounter(TIMING, 0);
  ticks.waits(50);

  expect(ticks.pass(50)).toEqual({ ticks: 5, suspect: false });
  expect(ticks.pass(65)).toEqual({ ticks: 1, suspect: false });
  expect(ticks.pass(80)).toEqual({ ticks: 2, suspect: false });
  expect(ticks.pass(83)).toEqual({ ticks: 1, suspect: false });
  expect(ticks.pass(233)).toEqual({ ticks: 15, suspect: false });
  expect(ticks.pass(384)).toEqual({ ticks: 15, suspect: true });
  expect(ticks.pass(9999)).toEqual({ ticks: 15, suspect: true });
  expect(ticks.pass(10_049)).toEqual({ ticks: 5, suspect: false });
  ticks.waits(100);
  expect(ticks.pass(10_249)).toEqual({ ticks: 20, suspect: false });
  expect(ticks.pass(10_450)).toEqual({ ticks: 15, suspect: true });
});

test('ticks that are counted between two timers are counted once, and a stall is told to the timer', () => {
  const ticks = new TickCounter(TIMING, 0);
  ticks.waits(50);

  expect(ticks.count(9)).toBe(0);
  expect(ticks.count(34)).toBe(3);
  expect(ticks.pass(52)).toEqual({ ticks: 2, suspect: false });
  expect(ticks.count(300)).toBe(15);
  expect(ticks.count(310)).toBe(1);
  expect(ticks.pass(311)).toEqual({ ticks: 0, suspect: true });
  expect(ticks.pass(361)).toEqual({ ticks: 5, suspect: false });
  expect(ticks.count(370)).toBe(1);
  expect(ticks.pass(375)).toEqual({ ticks: 0, suspect: false });
  expect(ticks.pass(379)).toEqual({ ticks: 1, suspect: false });
});

test('a read waits for its index and then until that index is applied', async () => {
  const waiters = new ReadWaiters();
  const { signal } = new AbortController();
  const early = waiters.wait(1, signal);
  const late = waiters.wait(2, signal);
  const refused = waiters.wait(3, signal);

  waiters.confirm({ id: 1, index: 5 }, 5);
  waiters.confirm({ id: 2, index: 7 }, 5);
  waiters.confirm({ id: 3, index: undefined }, 5);
  waiters.applied(6);
  waiters.applied(8);

  expect(await early).toBe(5);
  expect(await late).toBe(7);
  await expect(refused).rejects.toMatchObject({ code: 'no-quorum' });
});
