import { partyIndexOf } from '../../../identity/index.js';
import type { SignerSupply } from '../../../algorithms/index.js';
import { suppliesOf } from '../../../state/index.js';
import type { ActiveKey } from '../../../state/index.js';
import type { LiveAttempt } from '../../live-tasks.js';

/** The signers of an attempt with the public parts of their supplies, in order of party index. */
export function signersOf({ record }: LiveAttempt, key: ActiveKey): readonly SignerSupply[] {
  return suppliesOf(record.attempt).map(({ nodeId, parts }) => ({
    index: partyIndexOf(key.participants, nodeId),
    parts,
  }));
}
