import { describe, expect, test } from '@jest/globals';
import { toHex, utf8 } from '../../../src/common/index.js';
import { remembering } from '../../../src/state/decoded.js';
import { VALUES_REMEMBERED_MAX } from '../../../src/state/limits.js';
import { Overlay } from '../../../src/state/view.js';

/** A store of text keys that counts how often it is asked. */
class CountingStore {
  readonly values = new Map<string, Uint8Array>();
  asked = 0;

  get(key: Uint8Array): Uint8Array | undefined {
    this.asked += 1;
    return this.values.get(toHex(key));
  }

  *scan(): Generator<readonly [Uint8Array, Uint8Array]> {
    // Nothing here is scanned.
  }

  put(key: string, value: Uint8Array | undefined): void {
    const name = toHex(utf8(key));
    if (value === undefined) this.values.delete(name);
    else this.values.set(name, value);
  }
}

/** Makes all pending writes of the overlay durable, as a transaction does. */
function flush(overlay: Overlay, store: CountingStore): void {
  const writes = overlay.pendingWrites();
  for (const [key, value] of writes) {
    if (value === undefined) store.values.delete(toHex(key));
    else store.values.set(toHex(key), value);
  }
  overlay.flushed(writes);
}

const [OLD, NEW] = [Uint8Array.of(1), Uint8Array.of(2)];

describe('an overlay over the durable state', () => {
  test('asks the store once for a value that is read again and again', () => {
    const store = new CountingStore();
    store.put('key/a', OLD);
    const overlay = new Overlay(store);

    expect([overlay.get('key/a'), overlay.get('key/a')]).toEqual([OLD, OLD]);
    expect(store.asked).toBe(1);
  });

  test('gives a write in place of the value that it remembers, before and after the write is durable', () => {
    const store = new CountingStore();
    store.put('key/a', OLD);
    const overlay = new Overlay(store);
    overlay.get('key/a');

    overlay.put([['key/a', NEW]]);

    expect(overlay.get('key/a')).toEqual(NEW);
    flush(overlay, store);
    expect(overlay.get('key/a')).toEqual(NEW);
  });

  test('gives nothing for a value that it remembers and that was deleted, before and after the deletion is durable', () => {
    const store = new CountingStore();
    store.put('key/a', OLD);
    const overlay = new Overlay(store);
    overlay.get('key/a');

    overlay.put([['key/a', undefined]]);

    expect(overlay.get('key/a')).toBeUndefined();
    flush(overlay, store);
    expect(overlay.get('key/a')).toBeUndefined();
  });

  test('keeps a write that came while an earlier one of the same key became durable', () => {
    const store = new CountingStore();
    const overlay = new Overlay(store);
    overlay.put([['key/a', OLD]]);
    const writes = overlay.pendingWrites();

    overlay.put([['key/a', NEW]]);
    store.put('key/a', OLD);
    overlay.flushed(writes);

    expect(overlay.get('key/a')).toEqual(NEW);
    expect(overlay.pendingWrites()).toHaveLength(1);
  });

  test('asks the store again for the value that it read longest ago, once it remembers as many as it may', () => {
    const store = new CountingStore();
    const overlay = new Overlay(store);
    const names = Array.from({ length: VALUES_REMEMBERED_MAX + 1 }, (_, at) => `key/${at}`);
    for (const name of names) store.put(name, OLD);
    for (const name of names) overlay.get(name);

    overlay.get('key/0');

    expect(store.asked).toBe(names.length + 1);
  });

  test('asks the store each time for a value that is not there', () => {
    const store = new CountingStore();
    const overlay = new Overlay(store);
    overlay.get('key/a');
    store.put('key/a', NEW);

    expect(overlay.get('key/a')).toEqual(NEW);
  });
});

test('a remembering decoder reads an array once, and equal bytes of another array again', () => {
  let read = 0;
  const decode = remembering((bytes) => ({ read: ++read, first: bytes[0] }));
  const bytes = Uint8Array.of(7);

  expect(decode(bytes)).toBe(decode(bytes));
  expect(decode(Uint8Array.of(7))).toEqual({ read: 2, first: 7 });
});
