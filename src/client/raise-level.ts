import { compareText } from '../common/index.js';
import { isSignedLevelWord, voters } from '../identity/index.js';
import type { Genesis } from '../identity/index.js';
import { nodeVerify } from '../machine/index.js';
import type { Cluster, LevelWord, RaiseLevelRequest } from '../wire/index.js';
import { QuorateError } from './errors.js';

export type RaiseLevelInput = {
  /** The cluster's level plus one unless given. */
  readonly level?: number | undefined;
  /** Voters that are left behind: they stop until they run a build that has the level. */
  readonly without?: readonly string[] | undefined;
  readonly requestId?: string | undefined;
};

/**
 * The request that an operator signs to raise the level, with each voter's statement of its build as a node has got it.
 * A statement that is not signed by the key in the client's own cluster file is none.
 *
 * @throws QuorateError `wrong-state` BUILDS_TOO_OLD when a voter is neither ready nor left behind.
 */
export function raiseLevelRequest(
  genesis: Genesis,
  cluster: Cluster,
  { level = cluster.level + 1, without = [] }: RaiseLevelInput,
  requestId: string,
): RaiseLevelRequest {
  const leftBehind = [...new Set(without)].sort(compareText);
  const words: LevelWord[] = [];
  const missing: string[] = [];
  for (const node of voters(genesis)) {
    if (leftBehind.includes(node)) continue;
    const word = wordOf(genesis, cluster, node);
    if (word !== undefined && word.level >= level) words.push(word);
    else missing.push(`${node} (${word === undefined ? 'not heard of' : `level ${word.level}`})`);
  }
  if (missing.length > 0) {
    throw new QuorateError(
      'wrong-state',
      `The builds of these nodes are not known to have level ${level}: ${missing.join(', ')}. ` +
        'Upgrade and start them, or leave them behind by name',
      { reason: 'BUILDS_TOO_OLD', facts: { level: String(level), nodes: missing.join(', ') } },
    );
  }
  return { requestId, level, words, leftBehind };
}

function wordOf(genesis: Genesis, cluster: Cluster, node: string): LevelWord | undefined {
  const word = cluster.members.find(({ nodeId }) => nodeId === node)?.build;
  const member = genesis.members.find(({ nodeId }) => nodeId === node);
  if (word === undefined || member === undefined || word.nodeId !== node) return undefined;
  const { clusterId } = genesis;
  return isSignedLevelWord(clusterId, member.identityKey, word, nodeVerify) ? word : undefined;
}
