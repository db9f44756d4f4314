import { BOOT_BYTES, compareText, equal } from '../common/index.js';
import { setIdOf } from '../identity/index.js';
import type { ParticipantSet } from '../identity/index.js';
import type { Attempt, Auxiliary, BootedNode } from '../wire/index.js';
import type { ActiveKey } from './keys.js';
import { activeGeneration, membersNamed, setIdBytes } from './participant-sets.js';
import type { View } from './view.js';

/** A presignature's id. */
export const PRESIGNATURE_BYTES = 32;

/**
 * Claims that an attempt names as many nodes as a key needs signers, each in one run of its process, who are members of their set's
 * active generation, which it names too.
 */
export function fitsSession(
  view: View,
  { threshold }: ActiveKey,
  set: ParticipantSet,
  { assignment, auxiliary }: Attempt,
): boolean {
  const members = membersNamed(view, set, auxiliary);
  if (assignment?.$case !== 'boots' || members === undefined) return false;
  const { nodes } = assignment.value;
  return (
    nodes.length === threshold &&
    isSorted(nodes) &&
    nodes.every(({ nodeId, boot }) => members.includes(nodeId) && boot.length === BOOT_BYTES)
  );
}

/** Claims that an attempt names the generation of the set that was active before: the next may have become so after it was proposed. */
export function namesEarlier(
  view: View,
  set: ParticipantSet | undefined,
  auxiliary: Auxiliary | undefined,
): boolean {
  if (set === undefined || auxiliary === undefined) return false;
  const active = activeGeneration(view, set)?.preparation?.generation ?? 0;
  const { generation, setId } = auxiliary;
  return generation > 0 && generation === active - 1 && equal(setId, setIdBytes(setIdOf(set)));
}

/** Strictly rising by node id: sorted, and no node twice. */
export function isSorted(nodes: readonly Pick<BootedNode, 'nodeId'>[]): boolean {
  return nodes.every(
    ({ nodeId }, at) => at === 0 || compareText(nodes[at - 1]?.nodeId ?? '', nodeId) < 0,
  );
}
