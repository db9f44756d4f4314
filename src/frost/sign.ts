import { assert, concat, type PartyIndex } from '../common/index.js';
import { modulo, wipe } from '../crypto/index.js';
import type { Random } from '../ports/index.js';
import { bind, isRightShare, type Commitment } from './binding.js';
import type { KeyShare, SharedKey } from '../sharing/index.js';
import { signingKey } from './signing-key.js';
import type { Suite } from './suite.js';

export const HEDGE_BYTES = 32;

/** A nonce: two encoded scalars, for one signature. `signShare` takes and wipes it. */
export type Nonce = { readonly d: Uint8Array; readonly e: Uint8Array };

/**
 * Makes one nonce and its commitment (RFC 9591 §5.1). Fresh randomness is hashed with the key share, so that a weak source
 * of randomness alone does not give the nonce away; never is it a function of key and message, which a second signer set
 * would make it repeat.
 *
 * @param scalar - This node's key share, an encoded scalar; the caller keeps and wipes it.
 */
export function commit<P>(
  suite: Suite<P>,
  scalar: Uint8Array,
  random: Random,
): Nonce & { readonly D: Uint8Array; readonly E: Uint8Array } {
  const { group } = suite;
  const [d, e] = [nonceScalar(suite, scalar, random), nonceScalar(suite, scalar, random)];
  return {
    d: group.encodeScalar(d),
    e: group.encodeScalar(e),
    D: group.encode(group.multiplyBase(d)),
    E: group.encode(group.multiplyBase(e)),
  };
}

/** H3(random32 ‖ enc(x_i)), RFC 9591 §4.1. */
function nonceScalar<P>(suite: Suite<P>, scalar: Uint8Array, random: Random): bigint {
  const hedge = random.bytes(HEDGE_BYTES);
  const input = concat(hedge, scalar);
  const nonce = suite.H3(input);
  wipe(hedge, input);
  assert(nonce !== 0n, 'a nonce is not zero');
  return nonce;
}

export type SignShareResult =
  | { readonly share: Uint8Array }
  /** A commitment of B is no point: the owner's index. 0: the sum of all is the identity, which is no one signer's fault. */
  | { readonly declined: 'bad-commitment'; readonly index: PartyIndex }
  /** This node's own share failed the check that every node would make: a fault in its memory. The index is its own. */
  | { readonly declined: 'wrong-share'; readonly index: PartyIndex };

/**
 * This node's signature share (RFC 9591 §5.2): z_i = ±(d_i + rho_i e_i) + lambda_i x_i c mod q, an encoded scalar. It leaves
 * only after passing the check that the aggregator would make, because a share made with a flipped bit can tell about x_i.
 *
 * @param nonce - Wiped in every case. The caller has seen that its commitment stands in B.
 * @param B - Exactly t, in order of index, this node among them ({@link isSignerSet}).
 */
export function signShare<P>(
  suite: Suite<P>,
  key: SharedKey,
  share: KeyShare,
  nonce: Nonce,
  B: readonly Commitment[],
  message: Uint8Array,
): SignShareResult {
  try {
    return checkedShare(suite, key, share, nonce, B, message);
  } finally {
    wipe(nonce.d, nonce.e);
  }
}

function checkedShare<P>(
  suite: Suite<P>,
  key: SharedKey,
  { index, scalar }: KeyShare,
  nonce: Nonce,
  B: readonly Commitment[],
  message: Uint8Array,
): SignShareResult {
  const { group } = suite;
  const q = group.order;
  const wrong: SignShareResult = { declined: 'wrong-share', index };
  const signing = signingKey(suite, key);
  if (signing === undefined) return wrong;
  const binding = bind(suite, signing, B, message);
  if ('badCommitment' in binding)
    return { declined: 'bad-commitment', index: binding.badCommitment };
  const mine = binding.signers.get(index);
  assert(mine !== undefined, 'this node is one of the signers');

  const [d_i, e_i, shared] = [nonce.d, nonce.e, scalar].map((each) => group.decodeScalar(each));
  if (d_i === undefined || e_i === undefined || shared === undefined) return wrong;

  // The tweaked share exists here and nowhere else: the stored share is the sharing's.
  const x_i = modulo((signing.negated ? -shared : shared) + signing.tweak, q);
  const nonces = d_i + mine.rho * e_i;
  const weight = (mine.lambda * binding.c) % q;
  const z_i = modulo((binding.negated ? -nonces : nonces) + weight * x_i, q);
  if (!isRightShare(suite, signing, binding, index, z_i)) return wrong;
  return { share: group.encodeScalar(z_i) };
}
