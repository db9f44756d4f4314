import { clusterId, equal } from '../common/index.js';
import { installedBytes, readyBytes } from '../identity/index.js';
import type { Genesis } from '../identity/index.js';
import type { Verify } from '../ports/index.js';
import type { NodeSignature, Sharing } from '../wire/index.js';

/* The participants' words for a sharing, held against the client's own cluster file. */

/** A sharing, and its participants' signed words for it. */
export type SignedSharing = {
  /** The cluster that they were said in. */
  readonly clusterId: string;
  readonly sharing: Sharing;
  readonly ready: readonly NodeSignature[];
  readonly installed: readonly NodeSignature[];
};

/** The participants are members of the client's own cluster file, with the identity keys that stand there. */
export function foreign(sharing: Sharing, genesis: Genesis): string | undefined {
  for (const { nodeId, identityKey } of sharing.participants) {
    const known = identityKeyOf(nodeId, genesis);
    if (known === undefined) return `participant ${nodeId} is not in the cluster file`;
    if (!equal(known, identityKey))
      return `the identity key of ${nodeId} is not the one in the cluster file`;
  }
  return undefined;
}

/** Exactly the participants have signed `ready`, each once. */
export function unsigned(
  { clusterId: cluster, sharing, ready }: SignedSharing,
  genesis: Genesis,
  verify: Verify,
): string | undefined {
  const bytes = readyBytes(clusterId(cluster), sharing);
  if (ready.length !== sharing.participants.length)
    return `${ready.length} signed for it, and it has ${sharing.participants.length} participants`;
  const bad = sharing.participants.find(({ nodeId }) => {
    const said = ready.find((each) => each.nodeId === nodeId);
    return said === undefined || !isSigned(said, bytes, genesis, verify);
  });
  return bad && `the signature of ${bad.nodeId} does not verify`;
}

/** Participants, each counted once, whose own log has activated the version. */
export function countInstalled(
  { clusterId: cluster, sharing, installed }: SignedSharing,
  genesis: Genesis,
  verify: Verify,
): number {
  const bytes = installedBytes(clusterId(cluster), sharing);
  return sharing.participants.filter(({ nodeId }) =>
    installed.some((each) => each.nodeId === nodeId && isSigned(each, bytes, genesis, verify)),
  ).length;
}

export function sameTexts(some: readonly string[], others: readonly string[]): boolean {
  return some.length === others.length && some.every((text, at) => text === others[at]);
}

function isSigned(
  { nodeId, signature }: NodeSignature,
  bytes: Uint8Array,
  genesis: Genesis,
  verify: Verify,
): boolean {
  const identityKey = identityKeyOf(nodeId, genesis);
  return identityKey !== undefined && verify.identity(identityKey, bytes, signature);
}

function identityKeyOf(nodeId: string, genesis: Genesis): Uint8Array | undefined {
  return genesis.members.find((member) => member.nodeId === nodeId)?.identityKey;
}
