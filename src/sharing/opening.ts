import { assert, type PartyIndex } from '../common/index.js';
import { SecretPolynomial, wipe } from '../crypto/index.js';
import type { KeyAlgorithm } from '../identity/index.js';
import type { Job } from '../ports/index.js';
import type { KeygenOpening } from '../wire/index.js';
import { proofChallenge } from './checks.js';
import type { SharingContext, SharingGroup } from './group.js';

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

export type OpenKeygenInput = {
  readonly algorithm: KeyAlgorithm;
  readonly sessionId: Uint8Array;
  readonly index: PartyIndex;
  /** a_{i,0} .. a_{i,t−1} and the proof's k. Taken, and wiped. */
  readonly coefficients: readonly Uint8Array[];
  readonly k: Uint8Array;
  readonly salt: Uint8Array;
};

/** {@link openingOf}. */
export const openKeygenJob: Job<OpenKeygenInput, KeygenOpening, SharingContext> = {
  name: 'sharing/open-keygen',
  lane: 'generation',
  takes: ({ coefficients, k }) => [...coefficients, k],
  compute({ algorithm, coefficients, k, salt, ...of }, { schemes }) {
    const { sharing } = schemes[algorithm];
    const scalar = (bytes: Uint8Array): bigint => {
      const value = sharing.group.decodeScalar(bytes);
      assert(value !== undefined, 'what is drawn is a scalar');
      return value;
    };
    try {
      using polynomial = new SecretPolynomial(sharing.group, coefficients.map(scalar));
      return openingOf(sharing, of, polynomial, scalar(k), salt);
    } finally {
      wipe(...coefficients, k);
    }
  },
};
