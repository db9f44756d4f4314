import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { keyId, sessionId, utf8 } from '../../src/common/index.js';
import type { ShareStore } from '../../src/ports/index.js';

/** One place where a store keeps things: opened, closed and opened again, its content stays. */
export type ShareStorePlace = {
  open(): Promise<ShareStore>;
  /** Called when the test is over and the store closed. */
  remove(): Promise<void>;
};

const SESSION_A = sessionId('aa'.repeat(32));
const SESSION_B = sessionId('bb'.repeat(32));

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

    async function listed(): Promise<string[]> {
      const found: string[] = [];
      for await (const [key, session] of store.list()) found.push(`${key} ${session.slice(0, 2)}`);
      return found;
    }

    test('begins empty', async () => {
      expect(await store.get(keyId('key'), SESSION_A)).toBeUndefined();
      expect(await listed()).toEqual([]);
    });

    test('keeps what was put, by key and session', async () => {
      await store.put(keyId('key'), SESSION_A, utf8('one'));
      await store.put(keyId('key'), SESSION_B, utf8('two'));
      await store.put(keyId('other'), SESSION_A, utf8('three'));
      await store.close();
      store = await place.open();

      expect(await store.get(keyId('key'), SESSION_A)).toEqual(utf8('one'));
      expect(await store.get(keyId('key'), SESSION_B)).toEqual(utf8('two'));
      expect(await store.get(keyId('other'), SESSION_A)).toEqual(utf8('three'));
      expect(await store.get(keyId('other'), SESSION_B)).toBeUndefined();
    });

    test('overwrites', async () => {
      await store.put(keyId('key'), SESSION_A, utf8('one'));
      await store.put(keyId('key'), SESSION_A, utf8('two'));

      expect(await store.get(keyId('key'), SESSION_A)).toEqual(utf8('two'));
      expect(await listed()).toEqual(['key aa']);
    });

    test('lists in order of key, then session', async () => {
      for (const [key, session] of [
        ['key-1', SESSION_B],
        ['key', SESSION_B],
        ['key_', SESSION_A],
        ['0', SESSION_A],
        ['key', SESSION_A],
      ] as const)
        await store.put(keyId(key), session, utf8('x'));

      expect(await listed()).toEqual(['0 aa', 'key aa', 'key bb', 'key-1 bb', 'key_ aa']);
    });

    test('what it gives belongs to the caller, and what it was given to itself', async () => {
      const sealed = new Uint8Array(10_000).fill(1);
      const written = store.put(keyId('key'), SESSION_A, sealed);
      sealed.fill(2);
      await written;

      const found = await store.get(keyId('key'), SESSION_A);
      found?.fill(3);

      expect(await store.get(keyId('key'), SESSION_A)).toEqual(new Uint8Array(10_000).fill(1));
    });

    test('bears many writers at once', async () => {
      await Promise.all(
        Array.from({ length: 200 }, (_, at) =>
          store.put(keyId(`key-${at}`), SESSION_A, utf8(String(at))),
        ),
      );

      expect(await listed()).toHaveLength(200);
      expect(await store.get(keyId('key-77'), SESSION_A)).toEqual(utf8('77'));
    });
  });
}
