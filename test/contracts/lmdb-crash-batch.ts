import { nodeId, u64be, utf8 } from '../../src/common/index.js';
import type { Entry, Persist } from '../../src/ports/index.js';
import { entryAt } from '../support/builders/stores.js';

/**
 * Keys that every batch writes, with its own number as value. More than 1,000: lmdb begins to write such a batch before the
 * last of it is queued.
 */
export const CRASH_KEYS = Array.from({ length: 1_500 }, (_, at) => utf8(`key ${at}`));
const VALUE_BYTES = 200;
const ENTRIES = 3;
/** Every seventh batch takes back the last two entries of the one before. */
const TRUNCATING = 7;
const TRUNCATED = 2;

/** The index of the last entry when batch `number` is durable. */
export function lastIndexAt(number: number): number {
  return ENTRIES * number - TRUNCATED * Math.floor(number / TRUNCATING);
}

/** The batch of this number: all that it writes says so, and takes the log from one known length to the next. */
export function crashBatch(number: number): Persist {
  const truncates = number % TRUNCATING === 0;
  const first = lastIndexAt(number - 1) + 1 - (truncates ? TRUNCATED : 0);
  const value = new Uint8Array(VALUE_BYTES);
  value.set(u64be(number));
  return {
    hardState: { term: number, votedFor: nodeId('node-1') },
    ...(truncates ? { truncateFrom: first } : {}),
    entries: Array.from({ length: ENTRIES }, (_, at): Entry => entryAt(first + at, number)),
    writes: CRASH_KEYS.map((key) => [key, value]),
    applied: number,
  };
}

/** The session under which the batch's share is kept. */
export function crashSession(number: number): string {
  return number.toString(16).padStart(64, '0');
}
