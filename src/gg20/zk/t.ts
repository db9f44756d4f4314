import { modulo, randomScalar } from '../../crypto/index.js';
import type { Random } from '../../ports/index.js';
import type { ParameterSet } from '../parameter-set.js';
import { failedCheck, isSum, type Check } from './check.js';
import { challengeOf, itemsOf, type ProofContext } from './context.js';
import { pointLayout, recordLayout, scalarLayout, type Layout } from './layout.js';

/** Pi_T: T = sigma·G + l·H, and the prover knows both (Okamoto 1992; GG20, phase 3). 97 bytes. */
export type TStatement<P> = { readonly T: P };

export type TWitness = { readonly sigma: bigint; readonly l: bigint };

export type TProof<P> = {
  /** a·G + b·H. */
  readonly A: P;
  /** a + e·sigma. */
  readonly u: bigint;
  /** b + e·l. */
  readonly v: bigint;
};

export function tLayout<P>({ curve: { group } }: ParameterSet<P>): Layout<TProof<P>> {
  const scalar = scalarLayout(group);
  return recordLayout<TProof<P>>({ A: pointLayout(group), u: scalar, v: scalar });
}

const NAME = 'T';

/** e, of the statement and the first moves. */
export function tChallenge<P>(
  set: ParameterSet<P>,
  context: ProofContext,
  { T }: TStatement<P>,
  A: P,
): bigint {
  const { points } = itemsOf(set);
  return challengeOf(set, NAME, context, { statement: points(T), firstMoves: points(A) });
}

/** sigma·G + l·H, of secrets. */
export function commitTo<P>({ curve }: ParameterSet<P>, { sigma, l }: TWitness): P {
  const { group, H } = curve;
  return group.add(group.multiplyBase(sigma), group.multiplySecret(H, l));
}

export function proveT<P>(
  set: ParameterSet<P>,
  context: ProofContext,
  statement: TStatement<P>,
  { sigma, l }: TWitness,
  random: Random,
): TProof<P> {
  const { order } = set.curve.group;
  const [a, b] = [randomScalar(order, random), randomScalar(order, random)];
  const A = commitTo(set, { sigma: a, l: b });
  const e = tChallenge(set, context, statement, A);
  return { A, u: modulo(a + e * sigma, order), v: modulo(b + e * l, order) };
}

export function tChecks<P>(
  set: ParameterSet<P>,
  context: ProofContext,
  statement: TStatement<P>,
  { A, u, v }: TProof<P>,
): readonly Check[] {
  const { group, H } = set.curve;
  const e = tChallenge(set, context, statement, A);
  return [
    {
      // u·G + v·H = A + e·T
      name: 'the commitment opens',
      holds: () =>
        isSum(group, A, [
          [group.base, u],
          [H, v],
          [statement.T, modulo(-e, group.order)],
        ]),
    },
  ];
}

/** The name of a check that fails; nothing for a proof that holds. */
export function verifyT<P>(
  set: ParameterSet<P>,
  context: ProofContext,
  statement: TStatement<P>,
  proof: TProof<P>,
): string | undefined {
  return failedCheck(tChecks(set, context, statement, proof));
}
