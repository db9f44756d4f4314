import { assert, concat, equal, type PartyIndex } from '../common/index.js';
import { bind, isRightShare, type Commitment } from './binding.js';
import type { SharedKey } from '../sharing/index.js';
import { signingKey } from './signing-key.js';
import type { Suite } from './suite.js';

export type AggregateResult =
  | { readonly ok: true; readonly signature: Uint8Array }
  /**
   * The signers of wrong shares. None: every share is right or cannot be checked, and still there is no signature. With fewer than
   * t malicious participants that is a bug or a corrupted key, and a reason to stop using it.
   */
  | { readonly ok: false; readonly culprits: readonly PartyIndex[] };

/**
 * Adds signature shares up (RFC 9591 §5.3). The sum is verified first, which covers all shares at once; only if that fails
 * is each checked by itself. Any node may do it, and no node has to believe the result.
 *
 * @param shares - Of each signer of B, as it came; others are not looked at.
 * @param verify - Verifies enc(R) ‖ enc(z) under the public key, by code that is not this.
 */
export function aggregate<P>(
  suite: Suite<P>,
  key: SharedKey,
  B: readonly Commitment[],
  message: Uint8Array,
  shares: ReadonlyMap<PartyIndex, Uint8Array>,
  verify: (signature: Uint8Array) => boolean,
): AggregateResult {
  const { group } = suite;
  const signing = signingKey(suite, key);
  if (signing === undefined) return { ok: false, culprits: [] };
  const binding = bind(suite, signing, B, message);
  if ('badCommitment' in binding) return { ok: false, culprits: [] };

  // A share that spells no scalar must be blamed before it is added: it would hide the signer that spoilt the sum.
  const z = new Map<PartyIndex, bigint | undefined>();
  for (const { index } of B) {
    const share = shares.get(index);
    assert(share !== undefined, 'there is a share of each signer');
    z.set(index, group.decodeScalar(share));
  }

  const parts = [...z.values()].filter((part) => part !== undefined);
  if (parts.length === B.length) {
    const sum = parts.reduce((total, part) => total + part, 0n) % group.order;
    const signature = concat(binding.R, group.encodeScalar(sum));
    if (verify(signature)) return { ok: true, signature };
  }

  const culprits = [...z].filter(
    ([index, z_j]) => z_j === undefined || !isRightShare(suite, signing, binding, index, z_j),
  );
  return { ok: false, culprits: culprits.map(([index]) => index) };
}

/**
 * Whether a signature has the nonce point R that B binds it to (RFC 9591 §4.5): of all signatures of a message, only those
 * of this attempt have. Says nothing of whether it verifies.
 */
export function hasNonceOf<P>(
  suite: Suite<P>,
  key: SharedKey,
  B: readonly Commitment[],
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  const signing = signingKey(suite, key);
  if (signing === undefined) return false;
  const binding = bind(suite, signing, B, message);
  if ('badCommitment' in binding) return false;
  return equal(signature.subarray(0, binding.R.length), binding.R);
}
