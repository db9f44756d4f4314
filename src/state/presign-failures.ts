import type { Millis } from '../common/index.js';
import { encode, PresignFailures } from '../wire/index.js';
import { PRESIGN_WAIT_MS, PRESIGN_WAIT_MS_MAX } from './limits.js';
import { ADDRESS } from './records.js';
import type { Draft, View } from './view.js';

/*
 * Presignatures of a key that came to nothing, one after the other: each puts the next off for longer. There is a record only as
 * long as the last one failed.
 */

/** Claims that no presignature of a key is due yet, since the last ones came to nothing. */
export function isPutOff(view: View, keyId: string, timeMs: Millis): boolean {
  const bytes = view.get(ADDRESS.presigns + keyId);
  if (bytes === undefined) return false;
  // A longer wait than there is was set before the clock was set back.
  const leftMs = Number(PresignFailures.decode(bytes).notBeforeMs) - timeMs;
  return leftMs > 0 && leftMs <= PRESIGN_WAIT_MS_MAX;
}

/** Counts a presignature of a key that came to nothing. */
export function countPresignFailure(draft: Draft, keyId: string, timeMs: Millis): void {
  const bytes = draft.get(ADDRESS.presigns + keyId);
  const before = bytes === undefined ? 0 : PresignFailures.decode(bytes).failures;
  const waitMs = Math.min(PRESIGN_WAIT_MS * 2 ** before, PRESIGN_WAIT_MS_MAX);
  const record = { failures: before + 1, notBeforeMs: BigInt(timeMs + waitMs) };
  draft.put(ADDRESS.presigns + keyId, encode(PresignFailures, record));
}

/** Forgets them: one succeeded, or the version of the key, or the key, is over. */
export function forgetPresignFailures(draft: Draft, keyId: string): void {
  if (draft.get(ADDRESS.presigns + keyId) !== undefined) draft.delete(ADDRESS.presigns + keyId);
}
