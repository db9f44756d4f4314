import { assert, type PartyIndex } from '../../common/index.js';
import { modulo, wipe } from '../../crypto/index.js';
import type { ParameterSet } from '../parameter-set.js';
import type { PublicPresignature } from '../presign/round7.js';
import { of, type BySigner } from '../presign/session.js';
import { signatureBytes, type SigningNonce } from './nonce.js';
import { isSum } from '../zk/check.js';

/**
 * Online: s_i = d·(m·k_i + r·(sigma_i + eps·k_i)) mod q.
 *
 * @param secret - k_i ‖ sigma_i. Wiped, whatever happens: a presignature makes one share.
 */
export function signatureShare<P>(
  { curve: { group } }: ParameterSet<P>,
  secret: Uint8Array,
  { d, m, r, eps }: SigningNonce<P>,
): bigint {
  try {
    const k = group.decodeScalar(secret.subarray(0, group.scalarBytes));
    const sigma = group.decodeScalar(secret.subarray(group.scalarBytes));
    assert(k !== undefined && sigma !== undefined && k !== 0n, 'a presignature has two scalars');
    return modulo(d * (m * k + r * (sigma + eps * k)), group.order);
  } finally {
    wipe(secret);
  }
}

/** Online: s_j·R' = (m + r·eps)·Rb_j + r·S_j. */
export function isRightShare<P>(
  { curve: { group } }: ParameterSet<P>,
  { points }: PublicPresignature<P>,
  { R, m, r, eps }: SigningNonce<P>,
  j: PartyIndex,
  s_j: bigint,
): boolean {
  const { Rb, S } = of(points, j);
  const { order } = group;
  return isSum(group, group.multiplyPublic(R, s_j), [
    [Rb, modulo(m + r * eps, order)],
    [S, r],
  ]);
}

export type EcdsaSignature = {
  /** r ‖ s, 64 bytes, with the lower of the two s. */
  readonly bytes: Uint8Array;
  /** 0 to 3: which point R is (SEC 1 §4.1.6). */
  readonly recoveryId: number;
};

/**
 * The signature of all shares: s = Σ s_j, or q − s where that is less. It is to be verified under PK' by code that is not this.
 *
 * @returns Nothing where s is 0.
 */
export function combineShares<P>(
  set: ParameterSet<P>,
  { r, recoveryId }: SigningNonce<P>,
  shares: BySigner<bigint>,
): EcdsaSignature | undefined {
  const { order } = set.curve.group;
  const s = modulo(
    [...shares.values()].reduce((sum, each) => sum + each, 0n),
    order,
  );
  if (s === 0n) return undefined;
  // −s belongs to −R, whose y has the other parity.
  const isHigh = s > order / 2n;
  return {
    bytes: signatureBytes(set, r, isHigh ? order - s : s),
    recoveryId: isHigh ? recoveryId ^ 1 : recoveryId,
  };
}
