import { SigningFailuresState } from '../wire/index.js';
import type { Cluster, SigningFailures, UnlockSigningRequest } from '../wire/index.js';
import { QuorateError } from './errors.js';

/** Which count is to be cleared at a node: that of a version of a key, or that of a node that was silent. */
export type UnlockSigningInput =
  | {
      readonly keyId: string;
      /** Where it is not given, the key has one such count. */
      readonly version?: number | undefined;
    }
  | { readonly silentNodeId: string };

/** Claims that a count is the one that is asked for. */
export function isAskedFor(input: UnlockSigningInput, failures: SigningFailures): boolean {
  if ('silentNodeId' in input) return failures.silentNodeId === input.silentNodeId;
  const { keyId, version = failures.version } = input;
  return failures.keyId === keyId && failures.version === version;
}

/**
 * The order to the node that shows the count.
 *
 * @throws QuorateError `wrong-state` NO_SUCH_FAILURES where it shows none; `invalid-request` where it shows several.
 */
export function unlockSigningRequest(
  input: UnlockSigningInput,
  { nodeId, signingFailures }: Pick<Cluster, 'nodeId' | 'signingFailures'>,
): UnlockSigningRequest {
  const [found, more] = signingFailures.filter((each) => isAskedFor(input, each));
  if (found === undefined)
    throw new QuorateError('wrong-state', `${nodeId} counts no such failures`, {
      reason: 'NO_SUCH_FAILURES',
    });
  if (more !== undefined)
    throw new QuorateError('invalid-request', 'Several versions of the key have failed: name one', {
      field: 'version',
    });
  const { keyId, version, silentNodeId, sinceTimeMs } = found;
  return { nodeId, keyId, version, silentNodeId, sinceTimeMs };
}

/** Claims that a count keeps the node from signing. */
export function isLocked({ state }: SigningFailures): boolean {
  return state === SigningFailuresState.LOCKED;
}
