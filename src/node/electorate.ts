import type { Genesis } from '../identity/index.js';
import { voters } from '../identity/index.js';
import type { Electorate } from '../raft/index.js';

/** The voters, whose identity keys stand in the genesis. */
export function electorateOf(genesis: Genesis): Electorate {
  const names = new Set(voters(genesis));
  const members = genesis.members.filter(({ nodeId }) => names.has(nodeId));
  return {
    clusterId: genesis.clusterId,
    keys: new Map(members.map(({ nodeId, identityKey }) => [nodeId, identityKey])),
  };
}
