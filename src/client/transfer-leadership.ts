import type { Cluster, TransferLeadershipRequest } from '../wire/index.js';
import { QuorateError } from './errors.js';

export type TransferLeadershipInput = {
  /** The voter that is to lead; the one that has most of the log unless given. */
  readonly to?: string | undefined;
  /** The cluster as a node has shown it; asked for unless given. The leader of its term hands over, and no later one. */
  readonly seen?: Pick<Cluster, 'leaderId' | 'term'> | undefined;
};

/** The leader, and its term. */
export type TransferredLeadership = { readonly leaderId: string; readonly term: bigint };

/**
 * The order that an operator signs, bound to the term that a node has shown.
 *
 * @throws QuorateError `no-quorum` NO_LEADER when it has shown no leader.
 */
export function transferLeadershipRequest(
  { leaderId, term }: Pick<Cluster, 'leaderId' | 'term'>,
  { to = '' }: TransferLeadershipInput,
): TransferLeadershipRequest {
  if (leaderId !== '') return { term, targetNodeId: to };
  throw new QuorateError('no-quorum', 'There is no leader that could hand over', {
    reason: 'NO_LEADER',
  });
}
