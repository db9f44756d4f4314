import type { PartyIndex } from '../common/index.js';
import type { SecretPolynomial } from '../crypto/index.js';
import type { KeygenOpening } from '../wire/index.js';
import { proofChallenge } from './checks.js';
import type { SharingGroup } from './group.js';

/**
 * A_i, and a Schnorr proof that a_{i,0} is known: B = k·G, z = k + e·a_{i,0}.
 *
 * @param k - Secret, fresh, and for this proof alone.
 */
export function openingOf<P>(
  sharing: SharingGroup<P>,
  { sessionId, index }: { readonly sessionId: Uint8Array; readonly index: PartyIndex },
  polynomial: SecretPolynomial<P>,
  k: bigint,
  salt: Uint8Array,
): KeygenOpening {
  const { group } = sharing;
  const coefficients = polynomial.commitment().map((point) => group.encode(point));
  const proofCommitment = group.encode(group.multiplyBase(k));
  const e = proofChallenge(sharing, sessionId, index, coefficients, proofCommitment);
  const z = (k + e * polynomial.constant) % group.order;
  return { coefficients, proofCommitment, proofResponse: group.encodeScalar(z), salt };
}
