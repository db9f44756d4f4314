import type { LogIndex, NodeId } from '../common/index.js';
import type { Core, LeaderRole } from './core.js';
import { bytesOf } from './limits.js';
import { reachedByMajority } from './quorum.js';
import { confirmReads } from './read-index.js';

/**
 * Commits what a majority of the voters has acknowledged in this node's term, itself counted only as far as its own disk
 * has it; and by counting only entries of that term, those before them along with them (Raft §5.4.2, figure 8). On every
 * node alike: a follower need not wait until its leader tells it.
 */
export function advanceCommit(core: Core): void {
  const acknowledged = core.peers.map((peer) => acknowledgedBy(core, peer));
  const reached: LogIndex = reachedByMajority([core.log.durable, ...acknowledged]);
  if (core.log.termAt(reached) === core.term) commitUpTo(core, reached);
}

/** Knows that entries up to `index`, which this log has, are committed. The higher of what is known holds. */
export function commitUpTo(core: Core, index: LogIndex): void {
  const { commit, role } = core;
  if (index <= commit) return;
  core.commit = index;
  if (role.type !== 'leader') return;
  role.uncommittedBytes -= bytesOf(core.log.slice(commit, index));
  confirmReads(core, role);
}

/**
 * Up to here every voter is known to have the log, durably, and this node to have applied it. A leader knows it by the
 * answers to its appends alone: so no answer that comes late asks it for more.
 */
export function heldByAll(core: Core): LogIndex {
  const { log, commit, applied, peers, role } = core;
  return Math.min(
    commit,
    applied,
    log.durable,
    ...peers.map((peer) =>
      role.type === 'leader' ? matchOf(role, peer) : acknowledgedBy(core, peer),
    ),
  );
}

function matchOf(role: LeaderRole, peer: NodeId): LogIndex {
  return role.progress.get(peer)?.match ?? 0;
}

/** A leader has it from the answers to its appends, too. */
export function acknowledgedBy(
  { role, acknowledgements, term, log }: Core,
  peer: NodeId,
): LogIndex {
  const answered = role.type === 'leader' ? matchOf(role, peer) : 0;
  return Math.max(answered, acknowledgements.reached(peer, term, log));
}
