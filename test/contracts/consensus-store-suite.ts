import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { nodeId, utf8 } from '../../src/common/index.js';
import type { ConsensusStore, StateReading } from '../../src/ports/index.js';
import { batch, entries, entryAt, linkAt, loadWhole } from '../support/builders/stores.js';

/** One place where a store keeps things: opened, closed and opened again, its content stays. */
export type ConsensusStorePlace = {
  open(): Promise<ConsensusStore>;
  /** Called when the test is over and the store closed. */
  remove(): Promise<void>;
};

const text = (bytes: Uint8Array | undefined) =>
  bytes === undefined ? undefined : new TextDecoder().decode(bytes);

const rowsOf = (reading: StateReading, after?: string): (string | undefined)[][] =>
  [...reading.rows(after === undefined ? undefined : utf8(after))].map(([key, value]) => [
    text(key),
    text(value),
  ]);
const row = (key: string, value: string) => [utf8(key), utf8(value)] as const;

/** What every ConsensusStore does. `makePlace` gives each test a place of its own. */
export function consensusStoreSuite(
  name: string,
  makePlace: () => Promise<ConsensusStorePlace>,
): void {
  describe(`consensus store: ${name}`, () => {
    let place: ConsensusStorePlace;
    let store: ConsensusStore;

    beforeEach(async () => {
      place = await makePlace();
      store = await place.open();
    });
    afterEach(async () => {
      await store.close();
      await place.remove();
    });

    async function reopen(): Promise<void> {
      await store.close();
      store = await place.open();
    }

    function keysUnder(prefix: string, from?: string): (string | undefined)[] {
      const found = store.scan(utf8(prefix), from === undefined ? undefined : utf8(from));
      return [...found].map(([key]) => text(key));
    }

    test('a new consensus store is empty', async () => {
      expect(await loadWhole(store)).toEqual({
        hardState: { term: 0, votedFor: undefined },
        entries: [],
        applied: 0,
      });
      expect(store.get(utf8('a'))).toBeUndefined();
      expect([...store.scan(utf8(''))]).toEqual([]);
    });

    test('the store returns hard state, entries and applied index as they were written', async () => {
      const hardState = { term: 7, votedFor: nodeId('node-2') };

      await store.persist(batch({ hardState, entries: entries(1, 300), applied: 299 }));
      await reopen();

      expect(await loadWhole(store)).toEqual({ hardState, entries: entries(1, 300), applied: 299 });
    });

    test('the store keeps every kind of entry, empty payloads and large numbers', async () => {
      const kinds = (['genesis', 'no-op', 'command', 'member'] as const).map((kind, at) => ({
        ...entryAt(at + 1),
        kind,
        term: 2 ** 40 + at,
        timeMs: 2 ** 45,
        payload: new Uint8Array(at === 1 ? 0 : 100_000),
      }));

      await store.persist(batch({ entries: kinds }));
      await reopen();

      expect((await loadWhole(store)).entries).toEqual(kinds);
    });

    test('the store keeps the hard state when a batch has none, and forgets a vote in a new term', async () => {
      await store.persist(batch({ hardState: { term: 3, votedFor: nodeId('node-1') } }));
      await store.persist(batch({ entries: entries(1, 1) }));
      expect((await loadWhole(store)).hardState).toEqual({ term: 3, votedFor: 'node-1' });

      await store.persist(batch({ hardState: { term: 4, votedFor: undefined } }));
      await reopen();
      expect((await loadWhole(store)).hardState).toEqual({ term: 4, votedFor: undefined });
    });

    test('the store says of a log that it is empty, until it has an entry', async () => {
      expect((await store.load()).isEmpty).toBe(true);
      await store.persist(batch({ hardState: { term: 1, votedFor: undefined } }));
      expect((await store.load()).isEmpty).toBe(true);
      await store.persist(batch({ entries: entries(1, 1) }));
      await reopen();
      expect((await store.load()).isEmpty).toBe(false);
    });

    test('the store reads a page of the log, from any place, within its limits', async () => {
      const log = entries(1, 20);
      await store.persist(batch({ entries: log }));
      await reopen();
      const page = (after: number, entriesMax = 100, bytesMax = 10_000) =>
        store.readLog(after, { entriesMax, bytesMax });
      const bytesOfThree = log.slice(4, 7).reduce((sum, { payload }) => sum + payload.length, 0);

      expect(page(0)).toEqual({
        previous: { index: 0, term: 0, timeMs: 0, hash: new Uint8Array(32) },
        entries: log,
      });
      expect(page(4)).toEqual({ previous: log[3], entries: log.slice(4) });
      expect(page(4, 3)?.entries).toEqual(log.slice(4, 7));
      expect(page(4, 100, bytesOfThree)?.entries).toEqual(log.slice(4, 7));
      expect(page(4, 100, bytesOfThree - 1)?.entries).toEqual(log.slice(4, 6));
      expect(page(4, 100, 0)?.entries).toEqual(log.slice(4, 5));
      expect(page(19)?.entries).toEqual(log.slice(19));
      expect([page(20), page(21), page(1_000)]).toEqual([undefined, undefined, undefined]);
    });

    test('a page of the log has what is durable, not what is being written', async () => {
      const limits = { entriesMax: 10, bytesMax: 10_000 };
      await store.persist(batch({ entries: entries(1, 5) }));

      const written = store.persist(batch({ truncateFrom: 4, entries: entries(4, 4, 2) }));

      expect(store.readLog(2, limits)?.entries).toEqual(entries(3, 5));
      await written;
      expect(store.readLog(2, limits)?.entries).toEqual([entryAt(3), entryAt(4, 2)]);
    });

    test('the store removes the front of the log, and says what it was', async () => {
      const front = { before: linkAt(7), genesisHash: entryAt(1).hash };
      await store.persist(batch({ entries: entries(1, 10), applied: 7 }));

      await store.persist(batch({ front, entries: entries(11, 12), applied: 7 }));
      await reopen();

      const loaded = await store.load();
      expect([loaded.front, [...loaded.entries]]).toEqual([front, entries(8, 12)]);
      const limits = { entriesMax: 2, bytesMax: 10_000 };
      expect(store.readLog(7, limits)).toEqual({ previous: linkAt(7), entries: entries(8, 9) });
      expect(store.readLog(8, limits)?.entries).toEqual(entries(9, 10));
      expect([store.readLog(0, limits), store.readLog(6, limits)]).toEqual([undefined, undefined]);
    });

    test('the front of the log moves on, up to the last entry, and the log goes on behind it', async () => {
      const genesisHash = entryAt(1).hash;
      await store.persist(batch({ entries: entries(1, 4), applied: 4 }));
      await store.persist(batch({ front: { before: linkAt(2), genesisHash }, applied: 4 }));
      await store.persist(batch({ front: { before: linkAt(4), genesisHash }, applied: 4 }));
      await reopen();

      expect(await loadWhole(store)).toMatchObject({ entries: [] });
      expect((await store.load()).isEmpty).toBe(false);
      await store.persist(batch({ entries: entries(5, 6), applied: 4 }));
      await reopen();
      expect(await loadWhole(store)).toMatchObject({ entries: entries(5, 6), applied: 4 });
    });

    test('the store removes a tail of the log before it appends, in one batch', async () => {
      await store.persist(batch({ entries: entries(1, 600) }));

      await store.persist(batch({ truncateFrom: 256, entries: entries(256, 258, 2) }));
      await reopen();

      expect((await loadWhole(store)).entries).toEqual([
        ...entries(1, 255),
        ...entries(256, 258, 2),
      ]);
    });

    test('the store removes a tail of the log without appending', async () => {
      await store.persist(batch({ entries: entries(1, 9) }));
      await store.persist(batch({ truncateFrom: 10 }));
      expect((await loadWhole(store)).entries).toHaveLength(9);
      await store.persist(batch({ truncateFrom: 4 }));
      expect((await loadWhole(store)).entries).toEqual(entries(1, 3));
    });

    test('the store writes, overwrites and deletes state; the last write of a key counts', async () => {
      await store.persist(
        batch({
          writes: [
            [utf8('a'), utf8('1')],
            [utf8('b'), utf8('1')],
            [utf8('empty'), new Uint8Array(0)],
          ],
        }),
      );
      await store.persist(
        batch({
          writes: [
            [utf8('a'), utf8('2')],
            [utf8('a'), utf8('3')],
            [utf8('b'), undefined],
            [utf8('absent'), undefined],
          ],
        }),
      );
      await reopen();

      expect(text(store.get(utf8('a')))).toBe('3');
      expect(store.get(utf8('b'))).toBeUndefined();
      expect(store.get(utf8('empty'))).toEqual(new Uint8Array(0));
      expect(keysUnder('')).toEqual(['a', 'empty']);
    });

    test('a scan of the store gives one prefix in bytewise order, from a key on', async () => {
      const keys = ['k/b', 'k/a', 'l', 'k', 'k/', 'k/aa', 'j/z'];
      await store.persist(
        batch({ writes: keys.map((key) => [utf8(key), utf8(`value of ${key}`)]) }),
      );

      expect(keysUnder('k/')).toEqual(['k/', 'k/a', 'k/aa', 'k/b']);
      expect(keysUnder('k/', 'k/a')).toEqual(['k/a', 'k/aa', 'k/b']);
      expect(keysUnder('k/', 'k/ab')).toEqual(['k/b']);
      expect(keysUnder('k/', 'a')).toEqual(['k/', 'k/a', 'k/aa', 'k/b']);
      expect(keysUnder('k/', 'z')).toEqual([]);
      expect(keysUnder('')).toEqual(['j/z', 'k', 'k/', 'k/a', 'k/aa', 'k/b', 'l']);
      expect(keysUnder('x')).toEqual([]);
      expect([...store.scan(utf8('l'))].map(([, value]) => text(value))).toEqual(['value of l']);
    });

    test('a scan of the store orders keys of low and high bytes', async () => {
      const keys = [[0], [0, 0], [1, 5], [4], [0xff], [0xff, 0xff], [0xff, 0xff, 1]];
      await store.persist(
        batch({ writes: keys.map((key) => [Uint8Array.from(key), Uint8Array.of(1)]) }),
      );
      const scan = (...prefix: number[]) =>
        [...store.scan(Uint8Array.from(prefix))].map(([key]) => [...key]);

      expect(scan()).toEqual(keys);
      expect(scan(0)).toEqual([[0], [0, 0]]);
      expect(scan(0xff)).toEqual([[0xff], [0xff, 0xff], [0xff, 0xff, 1]]);
      expect(scan(0xff, 0xff)).toEqual([
        [0xff, 0xff],
        [0xff, 0xff, 1],
      ]);
    });

    test('a scan of the store can be left early, and another begun', async () => {
      await store.persist(batch({ writes: ['a', 'b', 'c'].map((key) => [utf8(key), utf8(key)]) }));

      for (const [key] of store.scan(utf8(''))) {
        expect(text(key)).toBe('a');
        break;
      }

      expect(keysUnder('')).toEqual(['a', 'b', 'c']);
    });

    test('the store shows a batch when it is durable, not before', async () => {
      await store.persist(batch({ writes: [[utf8('a'), utf8('old')]] }));

      const written = store.persist(batch({ writes: [[utf8('a'), utf8('new')]] }));

      expect(text(store.get(utf8('a')))).toBe('old');
      await written;
      expect(text(store.get(utf8('a')))).toBe('new');
      expect([...store.scan(utf8('a'))].map(([, value]) => text(value))).toEqual(['new']);
    });

    test('the store copies what it is given and what it returns', async () => {
      const large = new Uint8Array(40_000).fill(1);
      const small = utf8('small');
      const written = store.persist(
        batch({
          writes: [
            [utf8('large'), large],
            [utf8('small'), small],
          ],
        }),
      );
      large.fill(9);
      small.fill(9);
      await written;
      const [first, second] = [store.get(utf8('large')), store.get(utf8('small'))];
      const scanned = [...store.scan(utf8(''))].map(([, value]) => value);

      await store.persist(
        batch({
          writes: [
            [utf8('large'), new Uint8Array(40_000).fill(2)],
            [utf8('small'), utf8('other')],
          ],
        }),
      );
      store.get(utf8('large'));
      store.get(utf8('small'));

      expect(first).toEqual(new Uint8Array(40_000).fill(1));
      expect(text(second)).toBe('small');
      expect(scanned.map((value) => value.length)).toEqual([40_000, 5]);
      expect(scanned[0]).toEqual(first);
    });

    test('the store takes a batch of thousands of writes', async () => {
      const writes = Array.from(
        { length: 5_000 },
        (_, at) => [utf8(`key ${String(at).padStart(5, '0')}`), new Uint8Array(1_000)] as const,
      );

      await store.persist(batch({ entries: entries(1, 2_000), writes, applied: 2_000 }));
      await reopen();

      expect((await loadWhole(store)).entries).toHaveLength(2_000);
      expect(keysUnder('key')).toHaveLength(5_000);
    });

    test('a reading shows the state as it was when it was opened, whatever is written since', async () => {
      await store.persist(batch({ writes: [row('a', '1'), row('b', '2'), row('c', '3')] }));
      const reading = store.readState();

      for (let round = 0; round < 5; round++) {
        const large = [utf8(`large ${round}`), new Uint8Array(200_000)] as const;
        await store.persist(
          batch({ writes: [row('a', 'other'), [utf8('b'), undefined], row('d', '4'), large] }),
        );
        // The turn ends: what a store reads by default is of this moment, and not of that one.
        await new Promise((resolve) => setTimeout(resolve, 1));
      }

      expect(rowsOf(reading)).toEqual([
        ['a', '1'],
        ['b', '2'],
        ['c', '3'],
      ]);
      expect(rowsOf(reading, 'a')).toEqual([
        ['b', '2'],
        ['c', '3'],
      ]);
      expect(rowsOf(reading, 'aa')[0]).toEqual(['b', '2']);
      expect(rowsOf(reading, 'c')).toEqual([]);
      reading.close();
      expect(text(store.get(utf8('a')))).toBe('other');
    });

    const FRONT = { before: linkAt(50), genesisHash: entryAt(1).hash };

    test('notes are kept by name, and the last one of a name is the one that is found', async () => {
      expect((await store.load()).notes).toEqual(new Map());
      const [one, two, other] = [Uint8Array.of(1), Uint8Array.of(2, 3), new Uint8Array(0)];
      await store.persist(batch({ entries: entries(1, 2), notes: [['words/node-2', one]] }));
      await store.persist(batch({ entries: entries(3, 3) }));
      await store.persist(
        batch({
          notes: [
            ['words/node-2', two],
            ['shown', other],
          ],
        }),
      );
      await reopen();

      const { notes } = await store.load();
      expect(new Map(notes)).toEqual(
        new Map([
          ['words/node-2', two],
          ['shown', other],
        ]),
      );
      expect(keysUnder('')).toEqual([]);
    });

    test('a staged state is not the state until it is installed, and then it is all of it', async () => {
      await store.persist(
        batch({
          entries: entries(1, 20),
          writes: [row('a', '1'), row('b', '2')],
          applied: 20,
          notes: [['kept', Uint8Array.of(1)]],
        }),
      );
      await store.stage([row('b', 'new'), row('c', '3')], true);
      await store.stage([row('d', '4')], false);
      expect(keysUnder('')).toEqual(['a', 'b']);
      expect(store.get(utf8('c'))).toBeUndefined();

      const hardState = { term: 3, votedFor: undefined };
      await store.persist(batch({ hardState, applied: 50, installed: FRONT }));
      await reopen();

      const loaded = await store.load();
      expect({ ...loaded, entries: [...loaded.entries] }).toEqual({
        hardState,
        front: FRONT,
        entries: [],
        isEmpty: false,
        applied: 50,
        notes: new Map([['kept', Uint8Array.of(1)]]),
      });
      expect(rowsOf(store.readState())).toEqual([
        ['b', 'new'],
        ['c', '3'],
        ['d', '4'],
      ]);
      expect(store.readLog(20, { entriesMax: 5, bytesMax: 5_000 })).toBeUndefined();

      // The log goes on from there, and so does the state.
      await store.persist(
        batch({ entries: entries(51, 53), writes: [row('c', 'more')], applied: 52 }),
      );
      await reopen();
      expect((await loadWhole(store)).entries).toEqual(entries(51, 53));
      expect(text(store.get(utf8('c')))).toBe('more');
      expect(store.readLog(50, { entriesMax: 5, bytesMax: 5_000 })?.previous).toEqual(linkAt(50));
    });

    test('a state that was staged before a restart is forgotten, and so is one that another takes the place of', async () => {
      await store.persist(batch({ entries: entries(1, 3), writes: [row('a', '1')], applied: 3 }));
      await store.stage([row('x', 'old')], true);
      await reopen();
      await store.load();
      expect(keysUnder('')).toEqual(['a']);

      await store.stage([row('y', 'old')], true);
      await store.stage([row('z', 'new')], true);
      await store.persist(batch({ applied: 50, installed: FRONT }));
      await reopen();
      await store.load();

      expect(keysUnder('')).toEqual(['z']);
    });

    test('one snapshot after another is installed', async () => {
      await store.persist(batch({ entries: entries(1, 3), writes: [row('a', '1')], applied: 3 }));
      for (const at of [50, 60, 70]) {
        await store.stage([row('at', String(at))], true);
        const front = { before: linkAt(at), genesisHash: entryAt(1).hash };
        await store.persist(batch({ applied: at, installed: front }));
        await reopen();
        await store.load();
        expect(rowsOf(store.readState())).toEqual([['at', String(at)]]);
      }
    });

    test('a snapshot that goes back, or stands beside entries, is a mistake of ours', async () => {
      await store.persist(batch({ entries: entries(1, 3), writes: [row('a', '1')], applied: 3 }));
      await store.stage([row('b', '1')], true);
      for (const parts of [
        { applied: 51 },
        { applied: 50, entries: entries(4, 5) },
        { applied: 50, writes: [row('c', '1')] },
      ])
        await expect(store.persist(batch({ ...parts, installed: FRONT }))).rejects.toThrow(
          'what is installed',
        );
      await store.persist(batch({ applied: 50, installed: FRONT }));
      await store.stage([row('b', '1')], true);
      const same = store.persist(batch({ applied: 50, installed: FRONT }));
      await expect(same).rejects.toThrow('never goes back');
    });
  });
}
