import { assert } from '../../common/index.js';
import { lagrangeAtZero, randomScalar, SecretPolynomial, wipe } from '../../crypto/index.js';
import type { KeyAlgorithm } from '../../identity/index.js';
import type { Job, Random } from '../../ports/index.js';
import type { KeyShare, SharingContext, SharingGroup } from '../group.js';
import { dealsOwnShare, type Dealing } from './checks.js';

/**
 * g_i: random but for g_i(0) = lambda_i(S_old)·x_i, with t′ coefficients. The other coefficients are not zero, so that each has a point
 * that can be sent.
 *
 * @param share - Of the base sharing; the caller keeps and wipes it.
 */
export function dealingPolynomial<P>(
  { group }: Pick<SharingGroup<P>, 'group'>,
  share: KeyShare,
  { dealers, threshold }: Pick<Dealing, 'dealers' | 'threshold'>,
  random: Random,
): SecretPolynomial<P> {
  const x_i = group.decodeScalar(share.scalar);
  assert(x_i !== undefined, 'a key share is a scalar');
  const w_i = (lagrangeAtZero(group.order, dealers, share.index) * x_i) % group.order;
  const others = Array.from({ length: threshold - 1 }, () => randomScalar(group.order, random));
  return new SecretPolynomial(group, [w_i, ...others]);
}

export type OpenDealingInput = Pick<Dealing, 'dealer' | 'dealers' | 'baseV'> & {
  readonly algorithm: KeyAlgorithm;
  /** Of g_i. Taken, and wiped. */
  readonly coefficients: readonly Uint8Array[];
};

/**
 * A′_i: the points of g_i's coefficients. Nothing when the first is not the one that all others expect of this dealer: a fault in this
 * node's memory, for which it would be blamed.
 */
export const openDealingJob: Job<
  OpenDealingInput,
  readonly Uint8Array[] | undefined,
  SharingContext
> = {
  name: 'sharing/open-dealing',
  lane: 'generation',
  takes: ({ coefficients }) => [...coefficients],
  compute({ algorithm, coefficients, ...dealing }, { schemes }) {
    const { sharing } = schemes[algorithm];
    const { group } = sharing;
    try {
      const scalars = coefficients.map((each) => group.decodeScalar(each));
      assert(
        scalars.every((each) => each !== undefined),
        'a coefficient is a scalar',
      );
      using polynomial = new SecretPolynomial(group, scalars);
      const A = polynomial.commitment();
      const [A_0] = A;
      if (A_0 === undefined || !dealsOwnShare(sharing, dealing, A_0)) return undefined;
      return A.map((point) => group.encode(point));
    } finally {
      wipe(...coefficients);
    }
  },
};
