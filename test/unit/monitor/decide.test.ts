import { expect, test } from '@jest/globals';
import { at, decide, NO_RECORD, observed, switched } from '../../../src/monitor/index.js';
import type { Links, MonitorRecord, Question, Verdict } from '../../../src/monitor/index.js';
import { MonitoredVoters, WINDOW_MS } from '../../support/builders/monitored-voters.js';

const VOTERS = ['node-1', 'node-2', 'node-3'];
const MINUTE_MS = 60_000;
/** When the record is asked about: its first leader has led for ten minutes. */
const NOW_MS = 10 * MINUTE_MS;

/** The same time in each window, for all links of the slow and of the quick. */
function linksOf(observer: string, slow: Readonly<Record<string, readonly number[]>>): Links {
  return new Map(
    VOTERS.filter((voter) => voter !== observer).map((voter) => [
      voter,
      slow[voter] ?? slow[observer] ?? [1, 1, 1],
    ]),
  );
}

const SLOW = { 'node-1': [100, 100, 100] };

/** What every voter has told just now, where some are slow. */
function recordOf(
  slow: Readonly<Record<string, readonly number[]>> = SLOW,
  appliedMs = NOW_MS,
  before: MonitorRecord = NO_RECORD,
): MonitorRecord {
  return VOTERS.reduce(
    (record, observer) => observed(record, { observer, appliedMs, links: linksOf(observer, slow) }),
    at(before, 1, 0),
  );
}

function asked(record: MonitorRecord, more: Partial<Question> = {}): Verdict {
  const usual = { voters: VOTERS, leader: 'node-1', term: 1, nowMs: NOW_MS };
  return decide({ record, ...usual, ...more });
}

test('a leader that was slow in each of three windows is to hand over to the best of the others', () => {
  expect(asked(recordOf())).toEqual({
    kind: 'switch',
    to: 'node-2',
    fromPoints: expect.closeTo(33.3, 1),
    toPoints: expect.closeTo(98, 1),
  });
});

test('a leader that was slow in two windows of three stays', () => {
  for (const windows of [
    [1, 100, 100],
    [100, 1, 100],
    [100, 100, 1],
  ]) {
    const verdict = asked(recordOf({ 'node-1': windows }));
    expect(verdict).toEqual({ kind: 'stay', reason: 'none-better' });
  }
});

test('a voter must be better by a fifth and by ten points', () => {
  const ofLeader = (others: number): Verdict =>
    asked(recordOf({ 'node-1': [50, 50, 50], 'node-2': [others, others, others] }));
  expect(ofLeader(1).kind).toBe('switch');
  // 11 points and 13 percent.
  const [quick, slower] = [
    [2, 2, 2],
    [9, 9, 9],
  ];
  expect(asked(recordOf({ 'node-1': slower ?? [], 'node-2': quick ?? [] })).kind).toBe('stay');
});

test('one voter of three that calls the leader slow does not move it', () => {
  const record = VOTERS.reduce(
    (so, observer) =>
      observed(so, {
        observer,
        appliedMs: NOW_MS,
        links: linksOf(observer, observer === 'node-3' ? SLOW : {}),
      }),
    at(NO_RECORD, 1, 0),
  );
  expect(asked(record)).toEqual({ kind: 'stay', reason: 'none-better' });
});

test('nothing is done without observations, or by old ones', () => {
  expect(asked(at(NO_RECORD, 1, 0))).toEqual({ kind: 'stay', reason: 'no-observations' });
  const old = recordOf(SLOW, NOW_MS - 30_001);
  expect(asked(old)).toEqual({ kind: 'stay', reason: 'stale', candidate: 'node-2' });
});

test('a leader has a minute, and two minutes where there was another before it', () => {
  const first = recordOf(SLOW, NOW_MS, at(NO_RECORD, 1, NOW_MS - 59_999));
  expect(asked(first)).toMatchObject({ kind: 'stay', reason: 'tenure' });
  expect(asked(first, { nowMs: NOW_MS + 1 }).kind).toBe('switch');

  const later = at(recordOf(), 2, NOW_MS - 119_999);
  expect(asked(later, { term: 2 })).toMatchObject({ kind: 'stay', reason: 'cool-down' });
  expect(asked(later, { term: 2, nowMs: NOW_MS + 1 }).kind).toBe('switch');
  // Of a term that the record does not have yet nobody knows how long it has lasted.
  expect(asked(later, { term: 3, nowMs: NOW_MS + 1 })).toMatchObject({ reason: 'tenure' });
});

test('the fifth switch within an hour is for an operator', () => {
  const one = { term: 1, from: 'node-2', to: 'node-3', fromPoints: 1, toPoints: 99 } as const;
  const agoMs = [59, 45, 30, 20].map((minutes) => minutes * MINUTE_MS);
  const nowMs = 100 * MINUTE_MS;
  const record = agoMs.reduce(
    (so, ago) => switched(so, { ...one, atMs: nowMs - ago, outcome: 'failed' }),
    recordOf(SLOW, nowMs),
  );
  expect(asked(record, { nowMs })).toMatchObject({ kind: 'stay', reason: 'budget' });
  const later = nowMs + MINUTE_MS;
  const fresh = recordOf(SLOW, later, record);
  expect(asked({ ...fresh, switches: record.switches }, { nowMs: later }).kind).toBe('switch');
});

test('the voter that was replaced last is no candidate for ten minutes', () => {
  const one = { term: 0, from: 'node-2', to: 'node-1', fromPoints: 1, toPoints: 99 } as const;
  const since = (atMs: number): MonitorRecord =>
    switched(recordOf(), { ...one, atMs, outcome: 'done' });
  expect(asked(since(NOW_MS - 10 * MINUTE_MS + 1))).toMatchObject({ to: 'node-3' });
  expect(asked(since(NOW_MS - 10 * MINUTE_MS))).toMatchObject({ to: 'node-2' });
});

test('a voter that leadership did not go to is passed over for five minutes, then for ten', () => {
  const voters = new MonitoredVoters(VOTERS, 'node-1', {
    answerMs: (from, to) => (from === 'node-1' || to === 'node-1' ? 100 : 1),
    takes: (voter) => voter !== 'node-2',
  });
  voters.run(5 * MINUTE_MS);
  expect(voters.switches.map(({ to }) => to)).toEqual(['node-2', 'node-3']);
  expect(voters.leader).toBe('node-3');
  const [mute] = voters.record.mutes;
  expect(mute).toMatchObject({ node: 'node-2', failures: 1 });

  const [failed] = voters.switches;
  const again = switched(
    { ...voters.record, term: 9, switches: [] },
    {
      term: 9,
      from: 'node-3',
      to: 'node-2',
      atMs: voters.nowMs,
      fromPoints: 1,
      toPoints: 99,
      outcome: 'open',
    },
  );
  const later = at(again, 9, voters.nowMs + WINDOW_MS).mutes[0];
  expect(later).toMatchObject({ node: 'node-2', failures: 2 });
  expect((later?.untilMs ?? 0) - voters.nowMs - WINDOW_MS).toBe(10 * MINUTE_MS);
  expect((mute?.untilMs ?? 0) - (failed?.atMs ?? 0)).toBeGreaterThanOrEqual(5 * MINUTE_MS);
});

test('no second switch is recorded while the first is under way', () => {
  const one = { term: 1, from: 'node-1', to: 'node-2', fromPoints: 1, toPoints: 99 } as const;
  const record = switched(recordOf(), { ...one, atMs: NOW_MS - 1, outcome: 'open' });
  expect(asked(record)).toMatchObject({ kind: 'stay', reason: 'under-way' });
});

test('the leader’s own view rules voters out, and never in', () => {
  const record = recordOf();
  expect(asked(record, { local: { isBusy: () => false, follows } })).toMatchObject({
    to: 'node-3',
  });
  const none = { isBusy: () => false, follows: () => false };
  expect(asked(record, { local: none })).toMatchObject({ kind: 'stay', reason: 'behind' });
  const busy = { isBusy: () => true, follows: () => true };
  expect(asked(record, { local: busy })).toMatchObject({ kind: 'stay', reason: 'sharing' });
  expect(asked(recordOf({}), { local: { isBusy: () => false, follows } }).kind).toBe('stay');
});

test('where two of three voters are slow there is nobody to hand over to', () => {
  const slow = { 'node-1': [100, 100, 100], 'node-2': [100, 100, 100] };
  expect(asked(recordOf(slow))).toEqual({ kind: 'stay', reason: 'none-better' });
});

function follows(voter: string): boolean {
  return voter === 'node-3';
}
