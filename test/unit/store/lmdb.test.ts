import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { chmodSync, mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { open } from 'lmdb';
import { keyId, sessionId, u64be, utf8 } from '../../../src/common/index.js';
import { memoryConsensusStore, openLmdbStore } from '../../../src/store/index.js';
import { encode, LogEntry } from '../../../src/wire/index.js';
import { batch, entries, temporaryDirectory } from '../../support/stores.js';

/** A sound entry of index 2. */
const SECOND = encode(LogEntry, {
  index: 2n,
  term: 1n,
  kind: 2,
  timeMs: 1n,
  payload: new Uint8Array(0),
  hash: new Uint8Array(32),
});
const SESSION = sessionId('aa'.repeat(32));

let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
let path: string;

beforeEach(async () => {
  directory = await temporaryDirectory();
  path = join(directory.path, 'store');
});
afterEach(() => directory.remove());

/** Writes to a table behind the store's back. */
async function tamper(
  table: string,
  key: Uint8Array,
  value: Uint8Array | undefined,
): Promise<void> {
  const binary = { encoding: 'binary', keyEncoding: 'binary' } as const;
  const root = open<Uint8Array, Uint8Array>({ path, noSubdir: false, ...binary });
  const opened = root.openDB<Uint8Array, Uint8Array>({ name: table, ...binary });
  await (value === undefined ? opened.remove(key) : opened.put(key, value));
  await root.close();
}

async function withLog(last: number): Promise<void> {
  const store = await openLmdbStore(path);
  await store.consensus.persist(batch({ entries: entries(1, last), applied: last }));
  await store.close();
}

async function loaded(): Promise<unknown> {
  const store = await openLmdbStore(path);
  try {
    return await store.consensus.load();
  } finally {
    await store.close();
  }
}

test('its directory is for its owner only, also when it was there before', async () => {
  await (await openLmdbStore(path)).close();
  expect(statSync(path).mode & 0o777).toBe(0o700);

  const open755 = join(directory.path, 'open');
  mkdirSync(open755);
  chmodSync(open755, 0o755);
  await (await openLmdbStore(open755)).close();
  expect(statSync(open755).mode & 0o777).toBe(0o700);
});

test('log and shares can be closed one after the other, in any order and twice', async () => {
  const store = await openLmdbStore(path);
  await store.consensus.close();

  await store.shares.put(keyId('key'), SESSION, utf8('sealed'));
  expect(await store.shares.get(keyId('key'), SESSION)).toEqual(utf8('sealed'));

  await store.shares.close();
  await store.close();
  await store.close();
});

test('closing waits for what is being written', async () => {
  const store = await openLmdbStore(path);
  const written = store.consensus.persist(batch({ entries: entries(1, 3), applied: 3 }));
  const kept = store.shares.put(keyId('key'), SESSION, utf8('sealed'));

  await store.close();

  await Promise.all([written, kept]);
  expect(await loaded()).toMatchObject({ applied: 3 });
});

test('two batches at once are a mistake of ours, on disk and in memory', async () => {
  const store = await openLmdbStore(path);
  for (const consensus of [store.consensus, memoryConsensusStore()]) {
    const first = consensus.persist(batch({ applied: 1 }));
    await expect(consensus.persist(batch({ applied: 2 }))).rejects.toThrow('one call at a time');
    await first;
    await consensus.persist(batch({ applied: 3 }));
    expect((await consensus.load()).applied).toBe(3);
  }
  await store.close();
});

test('a batch that leaves a gap in the log is a mistake of ours, on disk and in memory', async () => {
  const store = await openLmdbStore(path);
  for (const consensus of [store.consensus, memoryConsensusStore()]) {
    await consensus.persist(batch({ entries: entries(1, 5), applied: 1 }));

    for (const wrong of [
      { entries: entries(7, 8) },
      { entries: entries(5, 6) },
      { entries: [...entries(6, 6), ...entries(8, 8)] },
      { truncateFrom: 3, entries: entries(4, 4) },
      { truncateFrom: 9, entries: entries(9, 9) },
    ])
      await expect(consensus.persist(batch(wrong))).rejects.toThrow('follow');

    expect(await consensus.load()).toMatchObject({ applied: 1, entries: entries(1, 5) });
    await consensus.persist(batch({ truncateFrom: 6, entries: entries(6, 7) }));
    await consensus.persist(batch({ truncateFrom: 1, entries: entries(1, 1) }));
    expect(await consensus.load()).toMatchObject({ entries: entries(1, 1) });
  }
  await store.close();
});

test('a batch that cannot be written is not written in part', async () => {
  const store = await openLmdbStore(path);

  for (const key of [new Uint8Array(0), new Uint8Array(1_979)])
    await expect(
      store.consensus.persist(
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

  expect(await store.consensus.load()).toMatchObject({ entries: [], applied: 0 });
  expect(store.consensus.get(utf8('good'))).toBeUndefined();
  await store.consensus.persist(batch({ writes: [[new Uint8Array(1_978).fill(1), utf8('x')]] }));
  await store.close();
});

test.each<[string, Uint8Array, Uint8Array | undefined]>([
  ['that is no entry', u64be(2), utf8('no entry')],
  ['that is empty', u64be(2), new Uint8Array(0)],
  ['that is missing', u64be(2), undefined],
  ['at another index than its own', u64be(4), SECOND],
  ['at an index that is no number', Uint8Array.of(9), SECOND],
])('a log entry %s is data loss', async (_name, key, value) => {
  await withLog(3);
  await tamper('log', key, value);

  await expect(loaded()).rejects.toMatchObject({ code: 'data-loss' });
});

test.each<[string, Uint8Array]>([
  ['applied', Uint8Array.of(1)],
  ['applied', u64be(2n ** 60n)],
  ['hard-state', new Uint8Array(7)],
])('a damaged %s is data loss', async (name, value) => {
  await withLog(3);
  await tamper('meta', utf8(name), value);

  await expect(loaded()).rejects.toMatchObject({ code: 'data-loss' });
});
