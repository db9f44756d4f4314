import { toHex } from '../../common/index.js';
import type { PresignatureBinding } from '../../keys/index.js';
import { auxiliaryOf, isInUse, setOfKey } from '../../state/index.js';
import type { ActiveKey, View } from '../../state/index.js';
import type { Attempt, Auxiliary } from '../../wire/index.js';
import { bootsOf } from '../live-tasks.js';

/**
 * All that a presignature is bound to, as the attempt that makes it fixes it, and the one that uses it: the key's version, the set's
 * generation, and the signers in the runs that they are in. A change of any of them ends it.
 */
export function bindingOf(keyId: string, attempt: Attempt): PresignatureBinding {
  const { version, sharingSession, auxiliary } = attempt;
  const material = auxiliary === undefined ? '' : materialOf(auxiliary);
  const signers = bootsOf(attempt).map(({ nodeId, boot }) => `${nodeId}:${toHex(boot)}`);
  const name = [keyId, version, toHex(sharingSession), material, ...signers].join(' ');
  return { name, keyId, version, material };
}

/** Claims that presignatures of this version and generation can be used: both are the active ones, and the key is in use. */
export function isOfNow(
  view: View,
  key: ActiveKey | undefined,
  { version, material }: Pick<PresignatureBinding, 'version' | 'material'>,
): boolean {
  const set = key && setOfKey(key);
  const active = set && auxiliaryOf(view, set);
  return (
    key !== undefined &&
    isInUse(key) &&
    key.version === version &&
    active !== undefined &&
    materialOf(active) === material
  );
}

function materialOf({ generation, digest }: Auxiliary): string {
  return `${generation}:${toHex(digest)}`;
}
