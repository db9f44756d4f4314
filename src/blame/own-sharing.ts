import { readyBytes } from '../identity/index.js';
import type { Ready, Sharing } from '../wire/index.js';
import type { Accused } from './kind-judge.js';

/** The sharing that a `ready` speaks of, if the accused signed it. */
export function ownSharing(
  { genesis, verify, identityKey, node }: Accused,
  { nodeId: named, sharing, signature }: Ready,
): Sharing | undefined {
  if (sharing === undefined || named !== node) return undefined;
  const bytes = readyBytes(genesis.clusterId, sharing);
  return verify.identity(identityKey, bytes, signature) ? sharing : undefined;
}
