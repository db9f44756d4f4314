import { modulo, randomScalar } from '../../crypto/index.js';
import type { Random } from '../../ports/index.js';
import type { ParameterSet } from '../parameter-set.js';
import { failedCheck, isSum, type Check } from './check.js';
import { challengeOf, itemsOf, type ProofContext } from './context.js';
import { pointLayout, recordLayout, scalarLayout, type Layout } from './layout.js';

/** X = x·G, and the prover knows x (Schnorr 1991). 65 bytes. */
export type SchnorrStatement<P> = { readonly X: P };

export type SchnorrProof<P> = {
  /** a·G. */
  readonly A: P;
  /** a + e·x. */
  readonly z: bigint;
};

export function schnorrLayout<P>({ curve: { group } }: ParameterSet<P>): Layout<SchnorrProof<P>> {
  return recordLayout<SchnorrProof<P>>({ A: pointLayout(group), z: scalarLayout(group) });
}

const NAME = 'schnorr';

/** e, of the statement and the first moves. */
export function schnorrChallenge<P>(
  set: ParameterSet<P>,
  context: ProofContext,
  { X }: SchnorrStatement<P>,
  A: P,
): bigint {
  const { points } = itemsOf(set);
  return challengeOf(set, NAME, context, { statement: points(X), firstMoves: points(A) });
}

export function proveSchnorr<P>(
  set: ParameterSet<P>,
  context: ProofContext,
  statement: SchnorrStatement<P>,
  x: bigint,
  random: Random,
): SchnorrProof<P> {
  const { group } = set.curve;
  const a = randomScalar(group.order, random);
  const A = group.multiplyBase(a);
  const e = schnorrChallenge(set, context, statement, A);
  return { A, z: modulo(a + e * x, group.order) };
}

export function schnorrChecks<P>(
  set: ParameterSet<P>,
  context: ProofContext,
  statement: SchnorrStatement<P>,
  { A, z }: SchnorrProof<P>,
): readonly Check[] {
  const { group } = set.curve;
  const e = schnorrChallenge(set, context, statement, A);
  return [
    {
      // z·G = A + e·X
      name: 'the logarithm is known',
      holds: () =>
        isSum(group, A, [
          [group.base, z],
          [statement.X, modulo(-e, group.order)],
        ]),
    },
  ];
}

/** The name of a check that fails; nothing for a proof that holds. */
export function verifySchnorr<P>(
  set: ParameterSet<P>,
  context: ProofContext,
  statement: SchnorrStatement<P>,
  proof: SchnorrProof<P>,
): string | undefined {
  return failedCheck(schnorrChecks(set, context, statement, proof));
}
