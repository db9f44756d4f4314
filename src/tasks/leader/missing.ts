import type { NodeId } from '../../common/index.js';
import { partyIndexOf } from '../../identity/index.js';
import type { LiveAttempt } from '../live-tasks.js';
import type { ShareBox } from '../voter/share-box.js';

/** The nodes that an attempt asks for a contribution and that have not sent it. */
export function missingFrom(
  shares: Pick<ShareBox, 'of'>,
  { session, nodes, participants }: LiveAttempt,
): readonly NodeId[] {
  const came = shares.of(session);
  return nodes.filter((node) => !came.has(partyIndexOf(participants, node)));
}
