import { expect, test } from '@jest/globals';
import { BUDGETS, measureFloods } from './lane.js';

/* The short form of `npm run floods`: whether everybody lives through it, not how fast. */

test('floods open no task, fail no call of another client, and end no node', async () => {
  const { quiet, floods, troubles } = await measureFloods(1_500);
  const broken = floods.flatMap((report) =>
    BUDGETS.filter(({ holds }) => !holds(report, quiet)).map(({ what }) => ({ what, report })),
  );
  expect(broken).toEqual([]);
  expect(troubles).toEqual([]);
  const closed = floods.filter((report) => report.closed > 0).map(({ flood }) => flood);
  expect(closed).toEqual(
    expect.arrayContaining(['PING', 'CONTINUATION', 'rapid reset', 'silent TCP', 'silent TLS']),
  );
}, 300_000);
