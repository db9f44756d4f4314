import { expect, test } from '@jest/globals';
import { ClusterError } from '../../../src/common/index.js';
import type { Entry, LogFront } from '../../../src/ports/index.js';
import { sealEntry, ZERO_HASH } from '../../../src/raft/entry-hash.js';
import { ENTRY_OVERHEAD_BYTES, entryBytes, LIMITS } from '../../../src/raft/limits.js';
import { Log } from '../../../src/raft/log.js';
import { entriesAfter } from '../../support/clusters/raft-cluster.js';

const genesis = sealEntry(ZERO_HASH, {
  index: 1,
  term: 1,
  kind: 'genesis',
  timeMs: 5,
  payload: Uint8Array.of(1),
});

function logOf(...terms: readonly number[]): Log {
  return Log.open(genesis, [genesis, ...entriesAfter(genesis, ...terms.map((term) => ({ term })))]);
}

test('a new log has the genesis, not yet saved', () => {
  const log = Log.open(genesis, []);

  expect(log.last).toBe(genesis);
  expect(log.durable).toBe(0);
  expect(log.takeUnsaved()).toEqual({ truncateFrom: undefined, entries: [genesis] });
  expect(log.hasUnsaved()).toBe(false);
  log.saved(1, genesis.hash);
  expect(log.durable).toBe(1);
});

const [second, third] = entriesAfter(genesis, { term: 2 }, { term: 2 });
const damaged: readonly (readonly [string, readonly (Entry | undefined)[]])[] = [
  ['a flipped bit', [genesis, second && { ...second, payload: Uint8Array.of(9) }, third]],
  ['a changed term', [genesis, second && { ...second, term: 3 }, third]],
  ['a changed hash', [genesis, second && { ...second, hash: new Uint8Array(32) }, third]],
  ['a missing entry', [genesis, third]],
  ['a missing genesis', [second, third]],
  ['entries out of order', [genesis, third, second]],
  ['another genesis', [{ ...genesis, hash: new Uint8Array(32) }, second]],
];

test.each(damaged)('a log with %s is data loss', (_text, entries) => {
  const loaded = entries.filter((entry) => entry !== undefined);

  expect(() => Log.open(genesis, loaded)).toThrow(ClusterError);
  expect(() => Log.open(genesis, loaded)).toThrow(expect.objectContaining({ code: 'data-loss' }));
});

test('a log whose own genesis is altered but keeps its hash is data loss', () => {
  expect(() => Log.open(genesis, [{ ...genesis, payload: Uint8Array.of(2) }])).toThrow(
    ClusterError,
  );
});

test('the position before the log has term 0 and a hash of zeros; beyond the log there is none', () => {
  const log = logOf(2);

  expect([log.termAt(0), log.termAt(1), log.termAt(2), log.termAt(3)]).toEqual([
    0,
    1,
    2,
    undefined,
  ]);
  expect(log.hashAt(0)).toEqual(new Uint8Array(32));
  expect(log.hashAt(3)).toBeUndefined();
});

test('the last entry of a given term or less is found in any log', () => {
  const terms = [1, 2, 2, 4, 4, 4, 7];
  const log = logOf(...terms.slice(1));

  for (let index = 0; index <= 9; index++) {
    for (let term = 0; term <= 8; term++) {
      const expected = terms.slice(0, index).filter((each) => each <= term).length;
      expect(log.lastWithTermAtMost(index, term)).toBe(expected);
    }
  }
});

test('truncation of entries that were never written removes nothing from the disk', () => {
  const log = logOf(2);
  for (const entry of entriesAfter(log.last, { term: 2 }, { term: 2 })) log.append(entry);

  log.truncate(4);

  expect(log.takeUnsaved()).toMatchObject({ truncateFrom: undefined, entries: [{ index: 3 }] });
});

test('two truncations before a write become one, from the lower index', () => {
  const log = logOf(2, 2, 2, 2);
  log.truncate(5);
  for (const entry of entriesAfter(log.last, { term: 3 })) log.append(entry);
  log.truncate(3);
  for (const entry of entriesAfter(log.last, { term: 4 })) log.append(entry);

  expect(log.takeUnsaved()).toMatchObject({ truncateFrom: 3, entries: [{ index: 3, term: 4 }] });
});

test('saved entries count as durable by their hash', () => {
  const log = logOf();
  const [first, last] = entriesAfter(genesis, { term: 2, text: 'a' }, { term: 2, text: 'b' });
  if (!first || !last) return;
  log.append(first);
  log.append(last);
  log.takeUnsaved();
  log.truncate(3);
  for (const entry of entriesAfter(first, { term: 3 })) log.append(entry);

  log.saved(3, last.hash);
  expect(log.durable).toBe(1);
  log.takeUnsaved();
  log.saved(3, log.last.hash);

  expect(log.durable).toBe(3);
});

test('a batch keeps within bytes and entries, and has one entry at least', () => {
  const log = logOf(...Array.from({ length: 30 }, () => 2));
  const size = entryBytes(genesis);

  expect(log.batch(2, { ...LIMITS, appendEntriesMax: 7 })).toHaveLength(7);
  expect(log.batch(2, { ...LIMITS, appendBytesMax: size * 5 })).toHaveLength(5);
  expect(log.batch(2, { ...LIMITS, appendBytesMax: 1 })).toHaveLength(1);
  expect(log.batch(32, LIMITS)).toHaveLength(0);
});

/** The bytes that a log of entries as large as the genesis counts. */
const bytesFor = (count: number): number => count * entryBytes(genesis);

function trimmedLog(): Log {
  const log = logOf(2, 2, 3, 3, 3, 4);
  log.trim(5, bytesFor(4));
  return log;
}

test('a log lets its oldest entries go from memory when there are too many, and knows their terms', () => {
  const log = trimmedLog();

  expect([log.start, log.last.index, log.bytes <= bytesFor(4)]).toEqual([4, 7, true]);
  expect([1, 2, 4, 5, 7].map((index) => log.at(index)?.index)).toEqual([
    undefined,
    undefined,
    undefined,
    5,
    7,
  ]);
  expect([0, 1, 2, 3, 4, 5, 7, 8].map((index) => log.termAt(index))).toEqual([
    0,
    1,
    2,
    2,
    3,
    3,
    4,
    undefined,
  ]);
  expect(log.linkAt(4)).toMatchObject({ index: 4, term: 3 });
  expect([log.hashAt(3), log.hashAt(8)]).toEqual([undefined, undefined]);
  expect(log.lastWithTermAtMost(7, 2)).toBe(3);
});

test('nothing goes from memory that is not durable, or could be truncated', () => {
  const log = logOf(2, 2);
  for (const entry of entriesAfter(log.last, { term: 2 }, { term: 2 })) log.append(entry);

  log.trim(2, 1);
  expect([log.start, log.bytes]).toEqual([2, 3 * ENTRY_OVERHEAD_BYTES]);
  log.trim(5, 1);
  expect([log.start, log.durable]).toEqual([3, 3]);
});

test('a log of which nothing is in memory goes on', () => {
  const log = logOf(2);
  log.trim(2, 0);
  expect([log.start, log.bytes, log.last.index, log.hasUnsaved()]).toEqual([2, 0, 2, false]);

  const [next] = entriesAfter(log.last, { term: 3, text: 'next' });
  if (next === undefined) return;
  log.append(next);

  expect(log.takeUnsaved()).toEqual({ truncateFrom: undefined, entries: [next] });
  log.saved(3, next.hash);
  expect([log.durable, log.batch(3, LIMITS), log.slice(2, 3)]).toEqual([3, [next], [next]]);
});

test('a trimmed log is truncated where it is in memory, and nowhere else', () => {
  const log = trimmedLog();

  expect(() => log.truncate(4)).toThrow('in memory');
  log.truncate(6);

  expect([log.last.index, log.durable, log.termAt(6), log.bytes]).toEqual([
    5,
    5,
    undefined,
    ENTRY_OVERHEAD_BYTES,
  ]);
});

test('a log is opened without all of it in memory at a time', () => {
  const whole = [
    genesis,
    ...entriesAfter(genesis, ...Array.from({ length: 500 }, () => ({ term: 2 }))),
  ];
  let taken = 0;
  function* loaded(): Generator<Entry> {
    for (const entry of whole) {
      taken += 1;
      yield entry;
    }
  }

  const log = Log.open(genesis, loaded(), {
    settled: 499,
    bytesMax: bytesFor(8),
    partBytes: bytesFor(4),
  });

  expect([taken, log.durable, log.last.hash]).toEqual([501, 501, whole[500]?.hash]);
  expect(log.bytes).toBeLessThanOrEqual(bytesFor(8));
  expect(log.start).toBeGreaterThan(490);
});

test('entries that may still be truncated are in memory when a log is opened', () => {
  const whole = [
    genesis,
    ...entriesAfter(genesis, ...Array.from({ length: 50 }, () => ({ term: 2 }))),
  ];

  const log = Log.open(genesis, whole, { settled: 20, bytesMax: 1, partBytes: 1 });

  expect([log.start, log.last.index]).toEqual([20, 51]);
});

test('damage in a part of the log that is not kept in memory is data loss', () => {
  const whole = [
    genesis,
    ...entriesAfter(genesis, ...Array.from({ length: 50 }, () => ({ term: 2 }))),
  ];
  const damagedEntry = whole.map((entry) =>
    entry.index === 10 ? { ...entry, payload: Uint8Array.of(9) } : entry,
  );

  expect(() => Log.open(genesis, damagedEntry, { settled: 51, bytesMax: 1, partBytes: 1 })).toThrow(
    'index 10',
  );
});

test('the front of a log is removed in parts: none behind what may go, and none while there is not too much', () => {
  const whole = [
    genesis,
    ...entriesAfter(genesis, ...Array.from({ length: 39 }, () => ({ term: 2 }))),
  ];
  const open = (front?: LogFront): Log => {
    const entries = whole.slice(front?.before.index ?? 0);
    const start = { settled: 30, bytesMax: 1, partBytes: 4 * ENTRY_OVERHEAD_BYTES, front };
    return Log.open(genesis, entries, start);
  };
  const log = open();
  expect([log.start, log.front]).toEqual([30, 0]);

  expect(log.takeFront(30, 100 * ENTRY_OVERHEAD_BYTES)).toBeUndefined();
  expect(log.takeFront(3, 0)).toBeUndefined();
  const first = log.takeFront(4, 0);
  expect(first).toMatchObject({ before: { index: 4 }, genesisHash: genesis.hash });
  expect([log.front, log.hasForgotten(3), log.hasForgotten(4), log.termAt(4)]).toEqual([
    4,
    true,
    false,
    2,
  ]);
  const reopened = open(first);
  expect([reopened.front, reopened.start, reopened.last.hash]).toEqual([4, 30, log.last.hash]);

  let parts = 0;
  while (log.takeFront(30, 8 * ENTRY_OVERHEAD_BYTES) !== undefined) parts += 1;
  // Of 30 entries 8 stay at the least, and what goes are parts of 4.
  expect([parts, log.front]).toEqual([5, 24]);
});

test('a log of another genesis is data loss, though its genesis was removed', () => {
  const whole = [genesis, ...entriesAfter(genesis, { term: 2 }, { term: 2 }, { term: 2 })];
  const [, , before] = whole;
  if (before === undefined) return;
  const start = { settled: 4, bytesMax: 1, partBytes: 1 };
  const open = (front: LogFront) => Log.open(genesis, whole.slice(3), { ...start, front });

  expect(open({ before, genesisHash: genesis.hash }).last.index).toBe(4);
  expect(() => open({ before, genesisHash: new Uint8Array(32) })).toThrow(
    expect.objectContaining({ reason: 'GENESIS_MISMATCH' }),
  );
});

test('an entry that does not stand behind the front of its log is data loss', () => {
  const whole = [genesis, ...entriesAfter(genesis, { term: 2 }, { term: 2 }, { term: 2 })];
  const [, first, before] = whole;
  if (before === undefined || first === undefined) return;
  const start = { settled: 4, bytesMax: 1, partBytes: 1 };
  const fronts = [first, { ...before, hash: first.hash }, { ...before, term: 3 }];

  for (const front of fronts) {
    const open = () =>
      Log.open(genesis, whole.slice(3), {
        ...start,
        front: { before: front, genesisHash: genesis.hash },
      });
    expect(open).toThrow(expect.objectContaining({ reason: 'LOG_DAMAGED' }));
  }
});
