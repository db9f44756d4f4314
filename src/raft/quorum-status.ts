import type { NodeId } from '../common/index.js';
import type { QuorumStatus } from './driver-parts.js';
import { majorityOf } from './quorum.js';
import { LEADERLESS_MS } from './quorum-watch.js';
import type { Raft } from './raft.js';

/** The other voters as this node hears them, and whether there is a quorum as far as it can tell. */
export function quorumStatus(raft: Raft): QuorumStatus {
  const { leader, peers } = raft;
  const isLeading = raft.role === 'leader';
  const isHeard = (peer: NodeId): boolean =>
    isLeading ? raft.reachable(peer) : (raft.heardAgoMs(peer) ?? Infinity) < LEADERLESS_MS;
  return {
    present: leader !== undefined && raft.reachable(leader),
    heard: 1 + peers.filter(isHeard).length,
    needed: majorityOf(peers.length + 1),
    peers: new Map(
      peers.map((peer) => [peer, { heardAgoMs: raft.heardAgoMs(peer), match: raft.matchOf(peer) }]),
    ),
  };
}
