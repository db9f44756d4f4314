import type { PartyIndex } from '../common/index.js';

/** Position of a node among participants, from 1; 0 for a node that is none of them. */
export function partyIndexOf(
  participants: readonly { readonly nodeId: string }[],
  node: string,
): PartyIndex {
  return participants.findIndex(({ nodeId }) => nodeId === node) + 1;
}
