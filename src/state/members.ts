import { nodeId, refusal } from '../common/index.js';
import type { NodeId, Refusal } from '../common/index.js';
import { votersAmong } from '../identity/index.js';
import type { Genesis, GenesisMember } from '../identity/index.js';
import { encode, MemberRole, MembersRecord } from '../wire/index.js';
import type { KeyParticipant } from '../wire/index.js';
import { remembering } from './decoded.js';
import { ADDRESS } from './records.js';
import type { Draft, View } from './view.js';

/** A node of the cluster, as the state has it. */
export type Member = GenesisMember;

const ROLE: Readonly<Record<Member['role'], MemberRole>> = {
  tee: MemberRole.TEE,
  mesh: MemberRole.MESH,
};

/** The members of the cluster; those of the genesis until its entry is applied. */
export function members(view: View, genesis: Genesis): readonly Member[] {
  const bytes = view.get(ADDRESS.members);
  return bytes === undefined ? genesis.members : decodeMembers(bytes);
}

const decodeMembers = remembering((bytes): readonly Member[] =>
  MembersRecord.decode(bytes).members.map((member) => ({
    nodeId: nodeId(member.nodeId),
    role: member.role === MemberRole.TEE ? 'tee' : 'mesh',
    identityKey: member.identityKey,
  })),
);

/** The members that vote in Raft and hold shares, sorted bytewise, each with its identity key. */
export function shareHolders(all: readonly Member[]): readonly KeyParticipant[] {
  return votersAmong(all).flatMap((node) =>
    all
      .filter((each) => each.nodeId === node)
      .map(({ identityKey }) => ({ nodeId: node, identityKey })),
  );
}

/** The refusal of a request that names nodes which are not among those that can hold a share. */
export function checkHolders(
  named: readonly NodeId[],
  holders: readonly KeyParticipant[],
): Refusal | undefined {
  const able = new Set(holders.map(({ nodeId: id }) => id));
  const stranger = named.find((node) => !able.has(node));
  if (stranger === undefined) return undefined;
  const words = `Node ${stranger} is not a member that holds shares`;
  return refusal('wrong-state', 'NOT_A_MEMBER', words, { field: 'participants' });
}

export function writeMembers(draft: Draft, all: readonly Member[]): void {
  const records = all.map(({ nodeId: id, role, identityKey }) => ({
    nodeId: id,
    role: ROLE[role],
    identityKey,
  }));
  draft.put(ADDRESS.members, encode(MembersRecord, { members: records }));
}
