import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { keyId, sessionId, utf8 } from '../../src/common/index.js';
import { ShareStoreError } from '../../src/ports/index.js';
import type { ShareId, ShareStore } from '../../src/ports/index.js';

/** One place where a store keeps things: opened, closed and opened again, its content stays. */
export type ShareStorePlace = {
  open(): Promise<ShareStore>;
  /** Alters a bit of a record behind the store's back. The store is closed. */
  damage(id: ShareId): Promise<void>;
  /** Called when the test is over and the store closed. */
  remove(): Promise<void>;
};

const SESSION_A = 'aa'.repeat(32);
const SESSION_B = 'bb'.repeat(32);

function idOf(key: string, session: string = SESSION_A): ShareId {
  return { keyId: keyId(key), sessionId: sessionId(session) };
}

/** The ids of the suite's lists, in order. */
const IDS = [
  idOf('0'),
  idOf('key'),
  idOf('key', SESSION_B),
  idOf('key-1', SESSION_B),
  idOf('key_'),
];

/** What every ShareStore does. `makePlace` gives each test a place of its own. */
export function shareStoreSuite(name: string, makePlace: () => Promise<ShareStorePlace>): void {
  describe(`share store: ${name}`, () => {
    let place: ShareStorePlace;
    let store: ShareStore;

    beforeEach(async () => {
      place = await makePlace();
      store = await place.open();
    });
    afterEach(async () => {
      await store.close();
      await place.remove();
    });

    async function reopen(between: () => Promise<void> = async () => {}): Promise<void> {
      await store.close();
      await between();
      store = await place.open();
    }

    test('a new share store is empty', async () => {
      expect(await store.get(idOf('key'))).toBeUndefined();
      expect(await store.list({ limit: 9 })).toEqual({ items: [], next: undefined });
    });

    test('the share store keeps what is filed under the name of a set of participants, which no key can have', async () => {
      const id = idOf(`_set-${'0'.repeat(32)}`);
      await store.putIfAbsent(id, utf8('material'));
      await store.putIfAbsent(idOf('key'), utf8('share'));
      await reopen();
      expect(await store.get(id)).toEqual(utf8('material'));
      expect(await store.list({ limit: 9 })).toEqual({ items: [id, idOf('key')], next: undefined });
      await store.delete(id);
      expect(await store.get(id)).toBeUndefined();
      expect(await store.get(idOf('key'))).toEqual(utf8('share'));
    });

    test('the share store keeps shares by key and session', async () => {
      for (const [id, word] of [
        [idOf('key'), 'one'],
        [idOf('key', SESSION_B), 'two'],
        [idOf('other'), 'three'],
        [idOf('empty'), ''],
      ] as const)
        expect(await store.putIfAbsent(id, utf8(word))).toEqual({ absent: true });
      await reopen();

      expect(await store.get(idOf('key'))).toEqual(utf8('one'));
      expect(await store.get(idOf('key', SESSION_B))).toEqual(utf8('two'));
      expect(await store.get(idOf('other'))).toEqual(utf8('three'));
      expect(await store.get(idOf('empty'))).toEqual(utf8(''));
      expect(await store.get(idOf('other', SESSION_B))).toBeUndefined();
    });

    test('the share store never overwrites, and returns the share that exists', async () => {
      await store.putIfAbsent(idOf('key'), utf8('one'));
      const second = await store.putIfAbsent(idOf('key'), utf8('two'));
      await reopen();
      const third = await store.putIfAbsent(idOf('key'), utf8('three'));

      expect(second).toEqual({ absent: false, present: utf8('one') });
      expect(third).toEqual({ absent: false, present: utf8('one') });
      expect(await store.get(idOf('key'))).toEqual(utf8('one'));
    });

    test('of many writers of one share at once, one succeeds and the others get its share', async () => {
      const words = Array.from({ length: 50 }, (_, at) => utf8(`word ${at}`));

      const results = await Promise.all(words.map((word) => store.putIfAbsent(idOf('key'), word)));

      const first = results.findIndex(({ absent }) => absent);
      const present = words[first];
      expect(results.filter(({ absent }) => absent)).toHaveLength(1);
      expect(results.toSpliced(first, 1)).toEqual(
        words.slice(1).map(() => ({ absent: false, present })),
      );
      expect(await store.get(idOf('key'))).toEqual(present);
    });

    test('the share store replaces exactly what its caller has seen, durably', async () => {
      await store.putIfAbsent(idOf('key'), utf8('one'));
      await store.putIfAbsent(idOf('key', SESSION_B), utf8('two'));

      expect(await store.replace(idOf('key'), utf8('other'), utf8('three'))).toBe(false);
      expect(await store.replace(idOf('never'), utf8('one'), utf8('three'))).toBe(false);
      expect(await store.replace(idOf('key'), utf8('one'), utf8('three'))).toBe(true);
      expect(await store.replace(idOf('key'), utf8('one'), utf8('four'))).toBe(false);
      await reopen();

      expect(await store.get(idOf('key'))).toEqual(utf8('three'));
      expect(await store.get(idOf('key', SESSION_B))).toEqual(utf8('two'));
      expect(await store.get(idOf('never'))).toBeUndefined();
    });

    test('of many that replace one share at once, one succeeds', async () => {
      await store.putIfAbsent(idOf('key'), utf8('one'));
      const words = Array.from({ length: 20 }, (_, at) => utf8(`word ${at}`));

      const results = await Promise.all(
        words.map((word) => store.replace(idOf('key'), utf8('one'), word)),
      );

      expect(results.filter((replaced) => replaced)).toHaveLength(1);
      expect(await store.get(idOf('key'))).toEqual(words[results.indexOf(true)]);
    });

    test('the share store deletes one share, durably, and then takes another in its place', async () => {
      await store.putIfAbsent(idOf('key'), utf8('one'));
      await store.putIfAbsent(idOf('key', SESSION_B), utf8('two'));

      await store.delete(idOf('key'));
      await store.delete(idOf('key'));
      await store.delete(idOf('never'));
      await reopen();

      expect(await store.get(idOf('key'))).toBeUndefined();
      expect((await store.list({ limit: 9 })).items).toEqual([idOf('key', SESSION_B)]);
      expect(await store.putIfAbsent(idOf('key'), utf8('three'))).toEqual({ absent: true });
      expect(await store.get(idOf('key'))).toEqual(utf8('three'));
    });

    test('the share store lists in order of key, then session', async () => {
      for (const id of IDS.toReversed()) await store.putIfAbsent(id, utf8('x'));

      expect(await store.list({ limit: 9 })).toEqual({ items: IDS, next: undefined });
      expect(await store.list({ limit: IDS.length })).toEqual({ items: IDS, next: undefined });
    });

    test.each([1, 2, 3])('the share store lists in pages of %d without a gap', async (limit) => {
      for (const id of IDS) await store.putIfAbsent(id, utf8('x'));

      const found: ShareId[] = [];
      let after: ShareId | undefined;
      do {
        const page = await store.list({ ...(after && { after }), limit });
        expect(page.items.length).toBeLessThanOrEqual(limit);
        found.push(...page.items);
        after = page.next;
      } while (after !== undefined);

      expect(found).toEqual(IDS);
    });

    test('a page of the share store continues behind a share that was deleted meanwhile', async () => {
      for (const id of IDS) await store.putIfAbsent(id, utf8('x'));
      const { next } = await store.list({ limit: 2 });
      await store.delete(idOf('key'));

      expect(await store.list({ ...(next && { after: next }), limit: 9 })).toEqual({
        items: IDS.slice(2),
        next: undefined,
      });
    });

    test('a damaged share is reported apart from all others, is listed and can be deleted', async () => {
      await store.putIfAbsent(idOf('key'), utf8('one'));
      await store.putIfAbsent(idOf('key', SESSION_B), utf8('two'));
      await reopen(() => place.damage(idOf('key')));

      for (const refused of [store.get(idOf('key')), store.putIfAbsent(idOf('key'), utf8('new'))]) {
        const error: unknown = await refused.catch((reason: unknown) => reason);
        expect(error).toBeInstanceOf(ShareStoreError);
        expect(error).toMatchObject({ kind: 'damaged' });
      }
      expect(await store.get(idOf('key', SESSION_B))).toEqual(utf8('two'));
      expect((await store.list({ limit: 9 })).items).toEqual([idOf('key'), idOf('key', SESSION_B)]);

      await store.delete(idOf('key'));
      expect(await store.get(idOf('key'))).toBeUndefined();
      expect(await store.putIfAbsent(idOf('key'), utf8('new'))).toEqual({ absent: true });
    });

    test('the share store copies what it is given and what it returns', async () => {
      const sealed = new Uint8Array(10_000).fill(1);
      const written = store.putIfAbsent(idOf('key'), sealed);
      sealed.fill(2);
      await written;

      const found = await store.get(idOf('key'));
      const again = await store.putIfAbsent(idOf('key'), sealed);
      const present = again.absent ? undefined : again.present;
      // A slice of a Buffer is no copy: whoever wipes it would wipe the rest.
      expect([found, present].map((each) => Buffer.isBuffer(each))).toEqual([false, false]);
      found?.fill(3);
      present?.fill(4);

      expect(await store.get(idOf('key'))).toEqual(new Uint8Array(10_000).fill(1));
    });

    test('the share store takes many writers at once', async () => {
      await Promise.all(
        Array.from({ length: 200 }, (_, at) =>
          store.putIfAbsent(idOf(`key-${at}`), utf8(String(at))),
        ),
      );

      expect((await store.list({ limit: 1_000 })).items).toHaveLength(200);
      expect(await store.get(idOf('key-77'))).toEqual(utf8('77'));
    });
  });
}
