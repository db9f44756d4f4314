import { describe, expect, test } from '@jest/globals';
import { toHex, utf8 } from '../../../src/common/index.js';
import type { ConsensusStore } from '../../../src/ports/index.js';
import { remembering } from '../../../src/state/decoded.js';
import { VALUES_REMEMBERED_MAX } from '../../../src/state/limits.js';
import { Overlay } from '../../../src/state/view.js';
import { memoryConsensusStore } from '../../../src/store/index.js';

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

/** A store in memory that counts the records that scans of it have read. */
function countingScans(keys: readonly string[]): {
  store: Pick<ConsensusStore, 'get' | 'scan'>;
  read: () => number;
} {
  const sorted = keys.toSorted();
  let read = 0;
  return {
    read: () => read,
    store: {
      get: () => undefined,
      *scan(_, from = utf8('')) {
        const begin = new TextDecoder().decode(from);
        let at = sorted.findIndex((key) => key >= begin);
        for (; at >= 0 && at < sorted.length; at++) {
          read += 1;
          yield [utf8(sorted[at] ?? ''), OLD];
        }
      },
    },
  };
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

const nameOf = (at: number): string => `timer/${String(at).padStart(6, '0')}`;

describe('a scan over writes that are not durable yet', () => {
  test('does not pass by what earlier scans have deleted, however much that is', () => {
    const count = 6_400;
    const { store, read } = countingScans(Array.from({ length: count }, (_, at) => nameOf(at)));
    const overlay = new Overlay(store);
    let deleted = 0;
    for (let entry = 0; entry < 200; entry++) {
      const due: string[] = [];
      for (const [key] of overlay.scan('timer/')) {
        if (due.length === 64) break;
        due.push(key);
      }
      // Each entry adds one, far ahead of what is due.
      overlay.put([...due.map((key) => [key, undefined] as const), [nameOf(900_000 + entry), NEW]]);
      deleted += due.length;
    }
    // All of them, and of the new ones those that came after the first hundred entries were looked at.
    expect(deleted).toBe(count + 199);
    // Each entry reads what it takes, what was taken just before, and one more.
    expect(read()).toBeLessThan(200 * (2 * 64 + 1));
  });

  test('finds a write that comes before all that it found', () => {
    const overlay = new Overlay(countingScans([]).store);
    const first = (): string | undefined => [...overlay.scan('timer/')][0]?.[0];
    expect(first()).toBeUndefined();
    overlay.put([[nameOf(5), NEW]]);
    expect(first()).toBe(nameOf(5));
    overlay.put([[nameOf(3), NEW]]);
    expect(first()).toBe(nameOf(3));
    overlay.put([[nameOf(3), undefined]]);
    expect(first()).toBe(nameOf(5));
  });

  test('gives thousands of pending keys in order, as they come and go', () => {
    const overlay = new Overlay(countingScans([]).store);
    const keys = Array.from({ length: 5_000 }, (_, at) => nameOf((at * 7_919) % 100_003));
    overlay.put(keys.map((key) => [key, NEW]));
    expect([...overlay.scan('timer/')].map(([key]) => key)).toEqual(keys.toSorted());
    const gone = overlay.pendingWrites().filter((_, at) => at % 3 === 0);
    overlay.flushed(gone);
    const names = new Set(gone.map(([key]) => new TextDecoder().decode(key)));
    const kept = keys.filter((key) => !names.has(key)).toSorted();
    expect([...overlay.scan('timer/')].map(([key]) => key)).toEqual(kept);
    expect([...overlay.scan('timer/', kept[2_000])].map(([key]) => key)).toEqual(kept.slice(2_000));
  });
});

describe('a reading of the state', () => {
  test('a reading has writes that are not durable yet, in order, and none that comes later', async () => {
    const store = memoryConsensusStore();
    const writes = ['a', 'c', 'e', 'g'].map((key) => [utf8(key), OLD] as const);
    await store.persist({ entries: [], writes, applied: 0 });
    const overlay = new Overlay(store);
    overlay.put([
      ['b', NEW],
      ['c', undefined],
      ['e', NEW],
      ['h', NEW],
    ]);

    const reading = overlay.reading(() => store.readState());
    const pending = overlay.pendingWrites();
    overlay.put([
      ['a', undefined],
      ['d', NEW],
    ]);
    await store.persist({ entries: [], writes: pending, applied: 0 });
    overlay.flushed(pending);

    const rows = [...reading.rows()].map(([key, value]) => [new TextDecoder().decode(key), value]);
    expect(rows).toEqual([
      ['a', OLD],
      ['b', NEW],
      ['e', NEW],
      ['g', OLD],
      ['h', NEW],
    ]);
    expect([...reading.rows(utf8('b'))].map(([key]) => new TextDecoder().decode(key))).toEqual([
      'e',
      'g',
      'h',
    ]);
    expect([...reading.rows(utf8('f'))].map(([key]) => new TextDecoder().decode(key))).toEqual([
      'g',
      'h',
    ]);
    reading.close();
  });
});
