import type { Commitment, Suite } from '../../../frost/index.js';
import { slotsOf } from '../../../state/index.js';
import type { KeyRecord, NonceSlot } from '../../../wire/index.js';
import type { LiveAttempt } from '../../live-tasks.js';
import { indexOf } from '../../party-index.js';

/** The list B of an attempt: commitments in order of party index. */
export function commitmentsOf({ record }: LiveAttempt, key: KeyRecord): readonly Commitment[] {
  return slotsOf(record.attempt).map(({ nodeId, hiding, binding }) => ({
    index: indexOf(key.participants, nodeId),
    D: hiding,
    E: binding,
  }));
}

/** Claims that both points of a commitment are points of the suite's group. */
export function decodes(suite: Suite | undefined, { hiding, binding }: NonceSlot): boolean {
  return suite?.group.decode(hiding) !== undefined && suite.group.decode(binding) !== undefined;
}
