import type { PartyIndex } from '../common/index.js';
import { bind, isRightShare, type Commitment } from './binding.js';
import type { SharedKey } from '../sharing/index.js';
import { signingKey } from './signing-key.js';
import type { Suite } from './suite.js';

/**
 * Whether `share` is the signature share of signer `who` of B (RFC 9591 §5.4). `unknown` when V or a commitment is no
 * good: an honest signer makes no share for such a list. The caller has seen that B is a signer set with `who` in it.
 */
export function judgeSignatureShare<P>(
  suite: Suite<P>,
  key: SharedKey,
  B: readonly Commitment[],
  message: Uint8Array,
  who: PartyIndex,
  share: Uint8Array,
): 'right' | 'wrong' | 'unknown' {
  const signing = signingKey(suite, key);
  if (signing === undefined) return 'unknown';
  const binding = bind(suite, signing, B, message);
  if ('badCommitment' in binding || !binding.signers.has(who)) return 'unknown';
  const z_j = suite.group.decodeScalar(share);
  return z_j !== undefined && isRightShare(suite, signing, binding, who, z_j) ? 'right' : 'wrong';
}
