import type { Accused } from './kind-judge.js';

/** The identity keys of the attempt's participants, in order of party index, as the genesis has them. */
export function participantKeys(
  { members }: Accused['genesis'],
  { attempt }: Accused['attempt'],
): readonly (Uint8Array | undefined)[] {
  const { assignment } = attempt;
  const nodes = assignment?.$case === 'boots' ? assignment.value.nodes : [];
  return nodes.map(({ nodeId }) => {
    return members.find((member) => member.nodeId === nodeId)?.identityKey;
  });
}
