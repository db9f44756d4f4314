import { ClusterError } from '../common/index.js';
import type { NodeId } from '../common/index.js';
import type { ForkEvidence } from '../raft/index.js';

/** The answer of a node whose log another voter contradicts and no majority confirms. */
export function logUnconfirmed(node: NodeId, evidence: ForkEvidence | undefined): ClusterError {
  const between = evidence && `${evidence.first.node} and ${evidence.second.node} `;
  const where =
    evidence && ` at entry ${evidence.first.word.index} of term ${evidence.first.word.term}`;
  return new ClusterError(
    'no-quorum',
    `${between ?? 'Two voters '}have acknowledged different logs${where ?? ''}, and no majority has that of node ${node}: ` +
      'it signs nothing and takes no requests. Ask another node; if all say so, operators must look at the fork',
    { reason: 'LOG_UNCONFIRMED' },
  );
}
