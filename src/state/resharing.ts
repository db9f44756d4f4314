import { utf8 } from '../common/index.js';
import type { Millis } from '../common/index.js';
import { sha256 } from '../crypto/index.js';
import { ResharingRecord } from '../wire/index.js';
import type { Sharing, SharingRecord } from '../wire/index.js';
import { correctionOf } from './clock.js';
import { FIRST_VERSION, isCertified, sharingOf } from './keys.js';
import type { ActiveKey } from './keys.js';
import { REFRESH_WAIT_MS, REFRESH_WAIT_MS_MAX } from './limits.js';
import { ADDRESS, readTotals } from './records.js';
import type { View } from './view.js';

/*
 * A key's versions after the first, and when the next is due. Times here are the log's: no correction of the state machine's
 * clock sets them back, so a key is not refreshed twice in one interval after the clock was wrong, and not forgotten either.
 */

const NOTHING = ResharingRecord.fromPartial({});

/** The record of a key's resharing; all zero for one that was made before there was any. */
export function resharingOf({ resharing }: Pick<ActiveKey, 'resharing'>): ResharingRecord {
  return resharing ?? NOTHING;
}

/** The log's time when the state machine's clock shows `timeMs`. */
export function logTime(view: View, timeMs: Millis): Millis {
  return timeMs + correctionOf(view);
}

/** The log's time now. */
export function logNow(view: View): Millis {
  return logTime(view, Number(readTotals(view).timeMs));
}

/**
 * The log time of the refresh that follows a version which became active at `activeMs`. Each key has its own place in the interval,
 * by a hash of its id, so that keys that were made together are not refreshed together. From one to the next it is
 * `intervalMs`; to the first after another reshare, and after the key was made, a quarter of it at least, and five quarters
 * at most.
 *
 * @param intervalMs - 0 for none, of which none is due: 0.
 */
export function nextDue(keyId: string, activeMs: Millis, intervalMs: Millis): Millis {
  if (intervalMs === 0) return 0;
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = sha256(utf8(`refresh/${keyId}`));
  const place = [a, b, c, d, e, f].reduce((sum, byte) => sum * 256 + byte, 0) % intervalMs;
  const least = activeMs + Math.ceil(intervalMs / 4);
  return place + Math.ceil((least - place) / intervalMs) * intervalMs;
}

/** The wait after so many refreshes in a row that came to nothing, from 1. */
export function refreshWaitMs(failures: number): Millis {
  return Math.min(REFRESH_WAIT_MS * 2 ** (failures - 1), REFRESH_WAIT_MS_MAX);
}

/** The ids of keys that are due at the log time `logMs`, the longest due first, with that of an open task left out. */
export function* dueKeys(view: View, logMs: Millis): Iterable<string> {
  for (const [key] of view.scan(ADDRESS.refreshes)) {
    const [time = '', id = ''] = key.slice(ADDRESS.refreshes.length).split('/');
    if (Number.parseInt(time, 16) > logMs) return;
    yield id;
  }
}

/** The active sharing of a key with its participants' words. */
export function activeRecord(key: ActiveKey): SharingRecord {
  return { sharing: sharingOf(key), ready: [...key.ready], installed: [...key.installed] };
}

/** The certificate of version 1 as it is kept when another follows. */
export function firstRecord(key: ActiveKey): SharingRecord | undefined {
  if (key.version !== FIRST_VERSION) return resharingOf(key).first;
  const { sharing, ready, installed } = activeRecord(key);
  return { sharing, ready, installed: installed.slice(0, key.threshold) };
}

/**
 * The newest version of a key whose certificate is complete, or version 1: what clients are shown. For a moment after a reshare this
 * is the version before the active one.
 */
export function shownRecord(key: ActiveKey): SharingRecord {
  const { previous } = resharingOf(key);
  return previous === undefined || isCertified(key) ? activeRecord(key) : previous;
}

/**
 * The sharing that an attempt names by version and session: the active one, or the one before while it is kept; `undefined` for
 * any other. An attempt of a Sign that was opened under the version before stays valid.
 */
export function sharingNamed(
  key: ActiveKey,
  version: number,
  session: Uint8Array,
): Sharing | undefined {
  return [sharingOf(key), resharingOf(key).previous?.sharing].find(
    (each) =>
      each?.version === version &&
      each.sessionId.length === session.length &&
      each.sessionId.every((byte, at) => byte === session[at]),
  );
}
