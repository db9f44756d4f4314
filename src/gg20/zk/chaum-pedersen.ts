import { modulo, randomScalar } from '../../crypto/index.js';
import type { Random } from '../../ports/index.js';
import type { ParameterSet } from '../parameter-set.js';
import { failedCheck, isSum, type Check } from './check.js';
import { challengeOf, itemsOf, type ProofContext } from './context.js';
import { pointLayout, recordLayout, scalarLayout, type Layout } from './layout.js';

/** Y1 = x·G and Y2 = x·R with one x (Chaum and Pedersen 1992). 98 bytes. */
export type ChaumPedersenStatement<P> = { readonly R: P; readonly Y1: P; readonly Y2: P };

export type ChaumPedersenProof<P> = {
  /** a·G. */
  readonly A1: P;
  /** a·R. */
  readonly A2: P;
  /** a + e·x. */
  readonly z: bigint;
};

export function chaumPedersenLayout<P>({
  curve: { group },
}: ParameterSet<P>): Layout<ChaumPedersenProof<P>> {
  const point = pointLayout(group);
  return recordLayout<ChaumPedersenProof<P>>({ A1: point, A2: point, z: scalarLayout(group) });
}

const NAME = 'chaum-pedersen';

/** e, of the statement and the first moves. */
export function chaumPedersenChallenge<P>(
  set: ParameterSet<P>,
  context: ProofContext,
  { R, Y1, Y2 }: ChaumPedersenStatement<P>,
  { A1, A2 }: Pick<ChaumPedersenProof<P>, 'A1' | 'A2'>,
): bigint {
  const { points } = itemsOf(set);
  const challenged = { statement: points(R, Y1, Y2), firstMoves: points(A1, A2) };
  return challengeOf(set, NAME, context, challenged);
}

export function proveChaumPedersen<P>(
  set: ParameterSet<P>,
  context: ProofContext,
  statement: ChaumPedersenStatement<P>,
  x: bigint,
  random: Random,
): ChaumPedersenProof<P> {
  const { group } = set.curve;
  const a = randomScalar(group.order, random);
  const first = { A1: group.multiplyBase(a), A2: group.multiplySecret(statement.R, a) };
  const e = chaumPedersenChallenge(set, context, statement, first);
  return { ...first, z: modulo(a + e * x, group.order) };
}

export function chaumPedersenChecks<P>(
  set: ParameterSet<P>,
  context: ProofContext,
  statement: ChaumPedersenStatement<P>,
  proof: ChaumPedersenProof<P>,
): readonly Check[] {
  const { group } = set.curve;
  const { R, Y1, Y2 } = statement;
  const { A1, A2, z } = proof;
  const minusE = modulo(-chaumPedersenChallenge(set, context, statement, proof), group.order);
  return [
    {
      // z·G = A1 + e·Y1
      name: 'the logarithm to G is known',
      holds: () =>
        isSum(group, A1, [
          [group.base, z],
          [Y1, minusE],
        ]),
    },
    {
      // z·R = A2 + e·Y2
      name: 'the logarithm to R is the same',
      holds: () =>
        isSum(group, A2, [
          [R, z],
          [Y2, minusE],
        ]),
    },
  ];
}

/** The name of a check that fails; nothing for a proof that holds. */
export function verifyChaumPedersen<P>(
  set: ParameterSet<P>,
  context: ProofContext,
  statement: ChaumPedersenStatement<P>,
  proof: ChaumPedersenProof<P>,
): string | undefined {
  return failedCheck(chaumPedersenChecks(set, context, statement, proof));
}
