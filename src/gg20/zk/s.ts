import { modulo, randomScalar } from '../../crypto/index.js';
import type { Random } from '../../ports/index.js';
import type { ParameterSet } from '../parameter-set.js';
import { failedCheck, isSum, type Check } from './check.js';
import { challengeOf, itemsOf, type ProofContext } from './context.js';
import { pointLayout, recordLayout, scalarLayout, type Layout } from './layout.js';
import { commitTo, type TWitness } from './t.js';

/** Pi_S: S = sigma·R and T = sigma·G + l·H with one sigma (GG20, phase 6). 130 bytes. */
export type SStatement<P> = { readonly R: P; readonly S: P; readonly T: P };

export type SProof<P> = {
  /** a·R. */
  readonly A: P;
  /** a·G + b·H. */
  readonly Bp: P;
  /** a + e·sigma. */
  readonly u: bigint;
  /** b + e·l. */
  readonly v: bigint;
};

export function sLayout<P>({ curve: { group } }: ParameterSet<P>): Layout<SProof<P>> {
  const [point, scalar] = [pointLayout(group), scalarLayout(group)];
  return recordLayout<SProof<P>>({ A: point, Bp: point, u: scalar, v: scalar });
}

const NAME = 'S';

/** e, of the statement and the first moves. */
export function sChallenge<P>(
  set: ParameterSet<P>,
  context: ProofContext,
  { R, S, T }: SStatement<P>,
  { A, Bp }: Pick<SProof<P>, 'A' | 'Bp'>,
): bigint {
  const { points } = itemsOf(set);
  const challenged = { statement: points(R, S, T), firstMoves: points(A, Bp) };
  return challengeOf(set, NAME, context, challenged);
}

export function proveS<P>(
  set: ParameterSet<P>,
  context: ProofContext,
  statement: SStatement<P>,
  { sigma, l }: TWitness,
  random: Random,
): SProof<P> {
  const { group } = set.curve;
  const [a, b] = [randomScalar(group.order, random), randomScalar(group.order, random)];
  const first = {
    A: group.multiplySecret(statement.R, a),
    Bp: commitTo(set, { sigma: a, l: b }),
  };
  const e = sChallenge(set, context, statement, first);
  return {
    ...first,
    u: modulo(a + e * sigma, group.order),
    v: modulo(b + e * l, group.order),
  };
}

export function sChecks<P>(
  set: ParameterSet<P>,
  context: ProofContext,
  statement: SStatement<P>,
  proof: SProof<P>,
): readonly Check[] {
  const { group, H } = set.curve;
  const { A, Bp, u, v } = proof;
  const minusE = modulo(-sChallenge(set, context, statement, proof), group.order);
  return [
    {
      // u·R = A + e·S
      name: 'S opens',
      holds: () =>
        isSum(group, A, [
          [statement.R, u],
          [statement.S, minusE],
        ]),
    },
    {
      // u·G + v·H = Bp + e·T
      name: 'T opens to the same',
      holds: () =>
        isSum(group, Bp, [
          [group.base, u],
          [H, v],
          [statement.T, minusE],
        ]),
    },
  ];
}

/** The name of a check that fails; nothing for a proof that holds. */
export function verifyS<P>(
  set: ParameterSet<P>,
  context: ProofContext,
  statement: SStatement<P>,
  proof: SProof<P>,
): string | undefined {
  return failedCheck(sChecks(set, context, statement, proof));
}
