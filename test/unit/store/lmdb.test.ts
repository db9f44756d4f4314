import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { chmodSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { concat, keyId, sessionId, u64be, utf8 } from '../../../src/common/index.js';
import {
  memoryConsensusStore,
  openLmdbConsensusStore,
  openLmdbShareStore,
  openStores,
} from '../../../src/store/index.js';
import type { StoredLog } from '../../../src/ports/index.js';
import { Log } from '../../../src/raft/log.js';
import { encode, LogEntry } from '../../../src/wire/index.js';
import {
  alterRecord,
  batch,
  entries,
  entryAt,
  linkAt,
  loadWhole,
  storePaths,
  temporaryDirectory,
} from '../../support/builders/stores.js';

/** A sound entry of index 2. */
const SECOND = encode(LogEntry, {
  index: 2n,
  term: 1n,
  kind: 2,
  timeMs: 1n,
  payload: new Uint8Array(0),
  hash: new Uint8Array(32),
});
const SHARE = { keyId: keyId('key'), sessionId: sessionId('aa'.repeat(32)) };

/** A record as the store writes it. */
function recorded(content: Uint8Array): Uint8Array {
  return concat(Uint8Array.of(1), content);
}

let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
let path: string;

beforeEach(async () => {
  directory = await temporaryDirectory();
  path = join(directory.path, 'store');
});
afterEach(() => directory.remove());

/** Writes to a table of the log behind the store's back. */
function tamper(table: string, key: Uint8Array, value: Uint8Array | undefined): Promise<void> {
  return alterRecord(path, table, key, () => value);
}

async function withLog(last: number): Promise<void> {
  const store = await openLmdbConsensusStore(path);
  const writes = [[utf8('name'), utf8('value')]] as const;
  await store.persist(batch({ entries: entries(1, last), writes, applied: last }));
  await store.close();
}

async function loaded(): Promise<unknown> {
  const store = await openLmdbConsensusStore(path);
  try {
    return await loadWhole(store);
  } finally {
    await store.close();
  }
}

test('log and shares are in separate directories for their owner only, also in directories of an earlier place', async () => {
  const paths = storePaths(path);
  mkdirSync(paths.sharesPath, { recursive: true });
  chmodSync(paths.sharesPath, 0o755);

  await (await openStores(paths)).close();

  for (const each of [paths.logPath, paths.sharesPath]) {
    expect(readdirSync(each)).toContain('data.mdb');
    expect(statSync(each).mode & 0o777).toBe(0o700);
  }
});

test('log and shares can be closed one after the other, in any order and twice', async () => {
  const stores = await openStores(storePaths(path));
  await stores.consensus.close();

  await stores.shares.putIfAbsent(SHARE, utf8('sealed'));
  expect(await stores.shares.get(SHARE)).toEqual(utf8('sealed'));

  await stores.shares.close();
  await stores.close();
  await stores.close();
});

test('closing the store waits for the write under way', async () => {
  const paths = storePaths(path);
  const first = await openStores(paths);
  const written = first.consensus.persist(batch({ entries: entries(1, 3), applied: 3 }));
  const kept = first.shares.putIfAbsent(SHARE, utf8('sealed'));

  await first.close();

  await Promise.all([written, kept]);
  const second = await openStores(paths);
  expect(await second.consensus.load()).toMatchObject({ applied: 3 });
  expect(await second.shares.get(SHARE)).toEqual(utf8('sealed'));
  await second.close();
});

test('a sealed share can be put anew only after its deletion, also when both are under way', async () => {
  const shares = await openLmdbShareStore(path);
  await shares.putIfAbsent(SHARE, utf8('one'));

  const results = await Promise.all([
    shares.putIfAbsent(SHARE, utf8('two')),
    shares.delete(SHARE),
    shares.putIfAbsent(SHARE, utf8('three')),
  ]);

  // The first found `one`, or found it deleted and then what came in its place.
  expect(results[0]).toMatchObject({ absent: false });
  expect(results[2]).toEqual({ absent: true });
  expect(await shares.get(SHARE)).toEqual(utf8('three'));
  await shares.close();
});

describe('the format of the store', () => {
  test.each<[string, Uint8Array | undefined, string]>([
    ['a later format', u64be(3), 'is of format 3; this release reads format 1 or 2'],
    ['no format', undefined, 'is of format unknown; this release reads format 1 or 2'],
  ])('a log with %s is not opened', async (_name, format, words) => {
    await withLog(3);
    await tamper('format', utf8('format'), format);

    await expect(loaded()).rejects.toMatchObject({
      code: 'unsupported',
      reason: 'STORE_FORMAT',
      message: expect.stringContaining(words),
    });
  });

  test('key shares of a later format are not opened, and the log is closed again', async () => {
    const paths = storePaths(path);
    await (await openStores(paths)).close();
    await alterRecord(paths.sharesPath, 'format', utf8('format'), () => u64be(2));

    await expect(openStores(paths)).rejects.toMatchObject({ reason: 'STORE_FORMAT' });

    await alterRecord(paths.sharesPath, 'format', utf8('format'), () => u64be(1));
    await (await openStores(paths)).close();
  });

  test('a record of the state in another format is data loss', async () => {
    await withLog(3);
    await tamper('state', utf8('name'), utf8('value'));
    const store = await openLmdbConsensusStore(path);

    expect(() => store.get(utf8('name'))).toThrow(expect.objectContaining({ code: 'data-loss' }));
    expect(() => [...store.scan(utf8('n'))]).toThrow('another format');
    await store.close();
  });
});

test('two batches at once are a mistake of ours, on disk and in memory', async () => {
  const store = await openLmdbConsensusStore(path);
  for (const consensus of [store, memoryConsensusStore()]) {
    const first = consensus.persist(batch({ applied: 1 }));
    await expect(consensus.persist(batch({ applied: 2 }))).rejects.toThrow('one call at a time');
    await first;
    await consensus.persist(batch({ applied: 3 }));
    expect((await consensus.load()).applied).toBe(3);
  }
  await store.close();
});

test('a batch that leaves a gap in the log is a mistake of ours, on disk and in memory', async () => {
  const store = await openLmdbConsensusStore(path);
  for (const consensus of [store, memoryConsensusStore()]) {
    await consensus.persist(batch({ entries: entries(1, 5), applied: 1 }));

    for (const wrong of [
      { entries: entries(7, 8) },
      { entries: entries(5, 6) },
      { entries: [...entries(6, 6), ...entries(8, 8)] },
      { truncateFrom: 3, entries: entries(4, 4) },
      { truncateFrom: 9, entries: entries(9, 9) },
    ])
      await expect(consensus.persist(batch(wrong))).rejects.toThrow('follow');

    expect(await loadWhole(consensus)).toMatchObject({ applied: 1, entries: entries(1, 5) });
    await consensus.persist(batch({ truncateFrom: 6, entries: entries(6, 7) }));
    await consensus.persist(batch({ truncateFrom: 1, entries: entries(1, 1) }));
    expect(await loadWhole(consensus)).toMatchObject({ entries: entries(1, 1) });
  }
  await store.close();
});

const front = (index: number) => ({ before: linkAt(index), genesisHash: entryAt(1).hash });

test('a front that goes back, is not stored or is not in the state is a mistake of ours, on disk and in memory', async () => {
  const store = await openLmdbConsensusStore(path);
  for (const consensus of [store, memoryConsensusStore()]) {
    await consensus.persist(batch({ entries: entries(1, 9), applied: 6 }));
    await consensus.persist(batch({ front: front(5), applied: 6 }));

    for (const [index, words] of [
      [4, 'never goes back'],
      [10, 'was stored'],
      [7, 'is in the state'],
    ] as const) {
      const wrong = consensus.persist(batch({ front: front(index), applied: 6 }));
      await expect(wrong).rejects.toThrow(words);
    }
    expect((await loadWhole(consensus)).entries).toEqual(entries(6, 9));
    await consensus.persist(batch({ front: front(9), applied: 9 }));
    const gap = consensus.persist(batch({ entries: entries(11, 11), applied: 9 }));
    await expect(gap).rejects.toThrow('follow');
  }
  await store.close();
});

test('a batch that cannot be written leaves no part', async () => {
  const store = await openLmdbConsensusStore(path);

  for (const key of [new Uint8Array(0), new Uint8Array(1_979)])
    await expect(
      store.persist(
        batch({
          entries: entries(1, 2),
          writes: [
            [utf8('good'), utf8('value')],
            [key, utf8('value')],
          ],
          applied: 2,
        }),
      ),
    ).rejects.toThrow('bad length');

  expect(await loadWhole(store)).toMatchObject({ entries: [], applied: 0 });
  expect(store.get(utf8('good'))).toBeUndefined();
  await store.persist(batch({ writes: [[new Uint8Array(1_978).fill(1), utf8('x')]] }));
  await store.close();
});

test.each<[string, Uint8Array, Uint8Array | undefined]>([
  ['that is no entry', u64be(2), utf8('no entry')],
  ['that is empty', u64be(2), new Uint8Array(0)],
  ['that is missing', u64be(2), undefined],
  ['at another index than its own', u64be(4), recorded(SECOND)],
  ['at an index that is no number', Uint8Array.of(9), recorded(SECOND)],
  ['that is no entry in the format of today', u64be(2), recorded(utf8('no entry'))],
  ['of another format', u64be(2), concat(Uint8Array.of(2), SECOND)],
])('a log entry %s is data loss', async (_name, key, value) => {
  await withLog(3);
  await tamper('log', key, value);

  await expect(loaded()).rejects.toMatchObject({ code: 'data-loss' });
});

test.each<[string, Uint8Array]>([
  ['applied', Uint8Array.of(1)],
  ['applied', u64be(7)],
  ['applied', recorded(u64be(2n ** 60n))],
  ['hard-state', new Uint8Array(7)],
  ['hard-state', recorded(new Uint8Array(7))],
])('a damaged %s is data loss', async (name, value) => {
  await withLog(3);
  await tamper('meta', utf8(name), value);

  await expect(loaded()).rejects.toMatchObject({ code: 'data-loss' });
});

test('a store whose log has lost its front is of another format, which builds before it refuse', async () => {
  await withLog(6);
  const format = async (): Promise<number | undefined> => {
    let found: number | undefined;
    await alterRecord(path, 'format', utf8('format'), (bytes) => {
      found = bytes.at(-1);
      return bytes;
    });
    return found;
  };
  expect(await format()).toBe(1);
  const store = await openLmdbConsensusStore(path);
  await store.persist(batch({ front: front(3), applied: 6 }));
  await store.close();

  expect(await format()).toBe(2);
  expect(await loaded()).toMatchObject({ entries: entries(4, 6) });
});

test.each([
  ['is cut short', (bytes: Uint8Array) => bytes.subarray(0, -1)],
  ['is of another format', (bytes: Uint8Array) => Uint8Array.of(2, ...bytes.subarray(1))],
  ['is gone', () => undefined],
] as const)('a log whose record of its front %s is damage', async (_, alter) => {
  await withLog(6);
  const store = await openLmdbConsensusStore(path);
  await store.persist(batch({ front: front(3), applied: 6 }));
  await store.close();
  await alterRecord(path, 'meta', utf8('front'), alter);

  // Without its record, the log is opened as one that begins with its genesis, and its first entry is not that.
  const opened = loaded().then((log) => Log.open(entryAt(1), (log as StoredLog).entries));
  await expect(opened).rejects.toMatchObject({ code: 'data-loss' });
});
