import { ClusterError } from '../common/index.js';
import type { NodeId } from '../common/index.js';

/** The answer of a node that has been convicted of having lost a part of its log. */
export function logLost(node: NodeId): ClusterError {
  return new ClusterError(
    'no-quorum',
    `Node ${node} has lost a part of its log: it neither votes nor signs any more. Ask another node; an operator must ` +
      'find out what became of its disk, and leave this node out',
    { reason: 'NODE_LOG_LOST' },
  );
}
