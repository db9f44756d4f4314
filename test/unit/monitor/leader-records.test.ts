import { expect, test } from '@jest/globals';
import { LeaderRecords } from '../../../src/monitor/index.js';

test('tasks are counted by the leader under which they ended, with their times and the reasons of failures', () => {
  const records = new LeaderRecords();
  for (let task = 1; task <= 100; task++) records.ended('node-1', undefined, task);
  records.ended('node-2', 'REQUEST_EXPIRED', 5_000);
  records.ended('node-2', 'REQUEST_EXPIRED', 5_000);
  records.ended('node-2', 'CULPRIT_PROVED', 10);
  expect(records.all()).toEqual([
    { leader: 'node-1', done: 100, failed: 0, medianMs: 50, p95Ms: 95, reasons: [] },
    {
      leader: 'node-2',
      done: 0,
      failed: 3,
      medianMs: 5_000,
      p95Ms: 5_000,
      reasons: [
        { reason: 'REQUEST_EXPIRED', count: 2 },
        { reason: 'CULPRIT_PROVED', count: 1 },
      ],
    },
  ]);
});

test('only the latest times count, and leaders and reasons have a bound', () => {
  const records = new LeaderRecords();
  for (let task = 0; task < 128; task++) records.ended('node-1', undefined, 1_000);
  for (let task = 0; task < 128; task++) records.ended('node-1', undefined, 1);
  expect(records.all()[0]).toMatchObject({ done: 256, medianMs: 1, p95Ms: 1 });

  for (let reason = 0; reason < 40; reason++) records.ended('node-1', `REASON_${reason}`, 1);
  const { reasons = [] } = records.all()[0] ?? {};
  expect(reasons).toHaveLength(17);
  expect(reasons[0]).toEqual({ reason: 'OTHER', count: 24 });

  for (let leader = 2; leader <= 40; leader++) records.ended(`node-${leader}`, undefined, 1);
  const leaders = records.all().map(({ leader }) => leader);
  expect(leaders).toHaveLength(20);
  expect(leaders[0]).toBe('node-21');
});
