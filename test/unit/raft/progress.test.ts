import { expect, test } from '@jest/globals';
import { LIMITS } from '../../../src/raft/limits.js';
import { Progress } from '../../../src/raft/progress.js';

function replicating(match: number): Progress {
  const progress = new Progress(match + 1, 0);
  progress.matched(match);
  return progress;
}

/** How many appends of one entry each wait for their answer. */
function unansweredOf({ next, match }: Progress): number {
  return next - 1 - match;
}

test('a probed follower has one append in flight', () => {
  const progress = new Progress(5, 0);

  expect(progress.maySendEntries(LIMITS)).toBe(true);
  progress.sent(6, 200, 1, 0);

  expect(progress.maySendEntries(LIMITS)).toBe(false);
  expect(progress.next).toBe(5);
  progress.matched(6);
  expect(progress).toMatchObject({ state: 'replicate', match: 6, next: 7 });
});

test('a replicating follower gets appends until the window is full, by count or by bytes', () => {
  const byCount = replicating(1);
  for (let last = 2; byCount.maySendEntries(LIMITS); last++) byCount.sent(last, 1, 1, 0);
  const byBytes = replicating(1);
  for (let last = 2; byBytes.maySendEntries(LIMITS); last++) byBytes.sent(last, 1 << 20, 1, 0);

  expect(unansweredOf(byCount)).toBe(256);
  expect(unansweredOf(byBytes)).toBe(4);
  byBytes.matched(3);
  expect(unansweredOf(byBytes)).toBe(2);
  expect(byBytes.maySendEntries(LIMITS)).toBe(true);
});

test('a conflict moves the follower back to where the logs can agree, and probes', () => {
  const progress = replicating(1);
  progress.sent(10, 1, 8, 0);
  expect(progress.sentCommit).toBe(8);

  progress.conflicted(10, 4);

  // What was sent is not known to have arrived, the commit index with it.
  expect(progress).toMatchObject({ state: 'probe', next: 5, match: 1, sentCommit: 1 });
});

test('a conflict always moves back, whatever its hint, and never below the matched index', () => {
  const progress = new Progress(9, 0);

  progress.conflicted(8, 99);
  expect(progress.next).toBe(8);
  progress.conflicted(7, 0);
  expect(progress.next).toBe(1);

  const matched = replicating(3);
  matched.sent(10, 1, 1, 0);
  matched.conflicted(10, 0);
  expect(matched.next).toBe(4);
});

test('a late conflict changes no progress', () => {
  const progress = replicating(5);
  progress.conflicted(5, 1);
  expect(progress).toMatchObject({ state: 'replicate', next: 6 });

  const probing = new Progress(9, 0);
  probing.conflicted(3, 1);
  expect(probing.next).toBe(9);
});

test('a follower that takes back its acknowledgement is not probed at once without end', () => {
  const progress = new Progress(9, 0);
  progress.sent(8, 0, 1, 0);
  progress.matched(4);
  progress.conflicted(8, 4);
  progress.sent(4, 0, 1, 0);

  progress.conflicted(4, 4);

  expect(progress).toMatchObject({ next: 5, probing: true });
  expect(progress.maySendEntries(LIMITS)).toBe(false);
});

test('a refusal for time keeps the follower’s position and is tried again with the next heartbeat', () => {
  const progress = replicating(5);
  progress.sent(9, 100, 1, 0);

  progress.refused(7, 'time');
  expect(progress).toMatchObject({ match: 7, next: 8, refusedForTime: true });
  expect(progress.maySendEntries(LIMITS)).toBe(false);
  progress.matched(7);
  expect(progress.refusedForTime).toBe(true);
  progress.heartbeatDue = true;
  expect(progress.maySendEntries(LIMITS)).toBe(true);
  progress.sent(9, 100, 1, 0);
  progress.matched(9);

  expect(progress).toMatchObject({ refusedForTime: false, state: 'replicate', next: 10 });
});
