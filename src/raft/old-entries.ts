import { assert } from '../common/index.js';
import type { LogIndex } from '../common/index.js';
import type { ConsensusStore, LogPage } from '../ports/index.js';
import type { WantedPage } from './core.js';
import type { Raft } from './raft.js';

export type OldEntriesParts = {
  readonly raft: Raft;
  readonly store: Pick<ConsensusStore, 'readLog'>;
};

/*
 * What of the log is not in memory any more is read from the disk, one page at a time. All of it is committed, so that no
 * write under way changes it.
 */

/** Reads what followers lack. @throws ClusterError `data-loss` for a page that is not of this log. */
export function supplyFollowers(parts: OldEntriesParts, wanted: readonly WantedPage[]): void {
  for (const { peer, after } of wanted) parts.raft.supply(peer, pageBehind(parts, after));
}

/** Reads what is to be applied next, if that is not in memory. Says whether it was so. @throws as above. */
export function readToApply(parts: OldEntriesParts): boolean {
  const behind = parts.raft.unreadBehind;
  if (behind === undefined) return false;
  parts.raft.readBack(pageBehind(parts, behind));
  return true;
}

function pageBehind({ raft, store }: OldEntriesParts, after: LogIndex): LogPage {
  const page = store.readLog(after, raft.pageLimits);
  // A page of another place would be asked for again, without end.
  assert(page?.previous.index === after, 'the disk has what is not in memory');
  return page;
}
