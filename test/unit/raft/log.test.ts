import { expect, test } from '@jest/globals';
import { ClusterError } from '../../../src/common/index.js';
import type { Entry } from '../../../src/ports/index.js';
import { sealEntry, ZERO_HASH } from '../../../src/raft/entry-hash.js';
import { entryBytes, LIMITS } from '../../../src/raft/limits.js';
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
  const size = entryBytes(log.last);

  expect(log.batch(2, { ...LIMITS, appendEntriesMax: 7 })).toHaveLength(7);
  expect(log.batch(2, { ...LIMITS, appendBytesMax: size * 5 })).toHaveLength(5);
  expect(log.batch(2, { ...LIMITS, appendBytesMax: 1 })).toHaveLength(1);
  expect(log.batch(32, LIMITS)).toHaveLength(0);
});
