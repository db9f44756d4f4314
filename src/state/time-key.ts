import type { Millis } from '../common/index.js';

/** A time in the key of a record: 16 hex digits keep the order of times as the order of keys. */
export function timeKey(timeMs: Millis): string {
  return timeMs.toString(16).padStart(16, '0');
}
