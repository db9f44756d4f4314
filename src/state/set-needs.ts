import type { Millis } from '../common/index.js';
import type { SetRecord } from '../wire/index.js';
import { GENERATION_AGE_MS, PARTIAL_AGE_MS, PREPARE_WAIT_MS_MAX } from './limits.js';

/*
 * What a set of participants needs of its auxiliary material, by its record and the state machine's clock alone.
 */

/** The number of the generation that follows. */
export function nextOf({ active }: SetRecord): number {
  return (active?.preparation?.generation ?? 0) + 1;
}

/** Claims that the set needs another generation than the active one, and that no wait after one that came to nothing forbids it. */
export function needsNext(record: SetRecord, timeMs: Millis): boolean {
  const isNeeded = isWanted(record) || isOld(record, timeMs) || isPartial(record, timeMs);
  return isNeeded && !isWaiting(record, timeMs);
}

/**
 * Claims that the set may have needed another generation when a leader looked: what needed it may have come to nothing since, its keys may
 * be gone, and the clock may have been set back. While a wait forbids the next one, no leader that keeps the rules has proposed it.
 *
 * @param times - The earliest and the latest time that the leader's clock may have shown.
 */
export function mayHaveNeededNext(record: SetRecord, times: readonly Millis[]): boolean {
  const isPossible =
    isWanted(record) ||
    mayHaveLapsed(record, times) ||
    times.some((timeMs) => isLacking(record, timeMs));
  return isPossible && !times.every((timeMs) => isWaiting(record, timeMs));
}

/** Claims that a wait forbids the next generation by one of these times and not by another: the clock was set back. */
export function waitBegan(record: SetRecord, times: readonly Millis[]): boolean {
  return new Set(times.map((timeMs) => isWaiting(record, timeMs))).size > 1;
}

/** Claims that a need was there when a leader looked, for which a generation by any members was of use, and may not be there any more. */
export function mayHaveLapsed(record: SetRecord, times: readonly Millis[]): boolean {
  return record.lapsed || times.some((timeMs) => isAged(record, timeMs));
}

/**
 * Claims that a sharing of a key is being made that the active generation, if there is one, has too few members for, or is too
 * old for.
 */
export function isWanted(record: SetRecord): boolean {
  const members = record.active?.preparation?.members.length ?? 0;
  return isOutdated(record) || record.generating.some(({ threshold }) => threshold > members);
}

/** Claims that the generation was begun before a version of a key became active that is being reshared. */
export function isOutdated({ generating, active, neededAfterIndex }: SetRecord): boolean {
  return generating.length > 0 && (active?.sessionIndex ?? 0n) <= neededAfterIndex;
}

/** Claims that the keys' generation is to be renewed. */
export function isOld(record: SetRecord, timeMs: Millis): boolean {
  const isUsed = record.keys.length > 0 || record.generating.length > 0;
  return isUsed && isAged(record, timeMs);
}

/** Claims that participants of a set with keys have lacked its generation for a while: the keys tolerate fewer failures. */
function isPartial(record: SetRecord, timeMs: Millis): boolean {
  return record.keys.length > 0 && isLacking(record, timeMs);
}

function isLacking({ participants, active }: SetRecord, timeMs: Millis): boolean {
  const members = active?.preparation?.members.length ?? 0;
  return members < participants.length && timeMs - activeMs(active) >= PARTIAL_AGE_MS;
}

/** A generation of a later time was made before the clock was set back. */
function isAged({ active }: SetRecord, timeMs: Millis): boolean {
  const ageMs = timeMs - activeMs(active);
  return ageMs >= GENERATION_AGE_MS || ageMs < 0;
}

/** A longer wait than there is was set before the clock was set back. */
export function isWaiting({ notBeforeMs }: SetRecord, timeMs: Millis): boolean {
  const leftMs = Number(notBeforeMs) - timeMs;
  return leftMs > 0 && leftMs <= PREPARE_WAIT_MS_MAX;
}

function activeMs(active: SetRecord['active']): Millis {
  return Number(active?.timeMs ?? 0n);
}
