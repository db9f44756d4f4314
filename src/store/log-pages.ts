import type { LogIndex } from '../common/index.js';
import type { Entry, Link, LogFront, LogPage, LogPageLimits } from '../ports/index.js';
import { ZERO_HASH } from '../raft/index.js';
import { damaged } from './records.js';

/** The place before the first entry of a log from which nothing was removed. */
const ORIGIN: Link = { index: 0, term: 0, timeMs: 0, hash: ZERO_HASH };

/**
 * The same entries, which are one after another, the first of them behind `after` if that is given.
 *
 * @throws ClusterError `data-loss` at a gap.
 */
export function* unbroken(entries: Iterable<Entry>, after?: LogIndex): Generator<Entry> {
  let last = after;
  for (const entry of entries) {
    if (last !== undefined && entry.index !== last + 1) damaged('The log has a gap');
    last = entry.index;
    yield entry;
  }
}

/**
 * The page behind `after`, as {@link ConsensusStore.readLog} says.
 *
 * @param entries - Those of the log from `after` on, or behind its front. No more are taken than are needed.
 * @param front - Of the log.
 */
export function pageOf(
  after: LogIndex,
  entries: Iterable<Entry>,
  limits: LogPageLimits,
  front?: LogFront,
): LogPage | undefined {
  const before = front?.before ?? ORIGIN;
  if (after < before.index) return undefined;
  let previous: Link | undefined = after === before.index ? before : undefined;
  const page: Entry[] = [];
  let bytes = 0;
  for (const entry of entries) {
    if (previous === undefined) {
      if (entry.index !== after) return undefined;
      previous = entry;
      continue;
    }
    if (page.length === 0 && entry.index !== after + 1) return undefined;
    bytes += entry.payload.length;
    if (page.length > 0 && bytes > limits.bytesMax) break;
    page.push(entry);
    if (page.length === limits.entriesMax) break;
  }
  return previous === undefined || page.length === 0 ? undefined : { previous, entries: page };
}
