import { damagedLog, equal } from '../common/index.js';
import type { ClusterError, LogIndex } from '../common/index.js';
import type { Entry, Link } from '../ports/index.js';
import { entryHash, ZERO_HASH } from './entry-hash.js';

/** The place before the genesis. */
export const ORIGIN: Link = { index: 0, term: 0, timeMs: 0, hash: ZERO_HASH };

/** The place of an entry in the chain, without what it says. A copy: an entry's hash can be a part of much more. */
export function linkOf({ index, term, timeMs, hash }: Link): Link {
  return { index, term, timeMs, hash: hash.slice() };
}

/** Whether `entry` is what may stand behind `previous`. */
export function follows(previous: Link, entry: Entry): boolean {
  return (
    entry.index === previous.index + 1 &&
    entry.term >= Math.max(previous.term, 1) &&
    entry.timeMs >= previous.timeMs &&
    (entry.kind === 'genesis') === (previous.index === 0) &&
    equal(entry.hash, entryHash(previous.hash, entry))
  );
}

/** Whether the hashes of `entries` go on from `previous`. */
export function isChain(previous: Uint8Array, entries: readonly Entry[]): boolean {
  let hash = previous;
  for (const entry of entries) {
    if (!equal(entryHash(hash, entry), entry.hash)) return false;
    hash = entry.hash;
  }
  return true;
}

/** @throws ClusterError `data-loss` when one of `entries` is not what may stand behind the one before it. */
export function requireChain(previous: Link, entries: readonly Entry[]): void {
  let before = previous;
  for (const entry of entries) {
    if (!follows(before, entry)) throw damagedAt(before.index + 1);
    before = entry;
  }
}

export function damagedAt(index: LogIndex): ClusterError {
  return damagedLog(`The log is damaged at index ${index}`);
}
