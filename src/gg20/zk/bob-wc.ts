import { modulo } from '../../crypto/index.js';
import type { Random } from '../../ports/index.js';
import type { ParameterSet } from '../parameter-set.js';
import {
  bobChallenged,
  bobFields,
  bobFirstMoves,
  bobRangeChecks,
  bobResponses,
  drawBobMasks,
  type BobProof,
  type BobStatement,
  type BobWitness,
} from './bob.js';
import { failedCheck, isSum, type Check } from './check.js';
import { challengeOf, itemsOf, type ProofContext } from './context.js';
import { pointLayout, recordLayout, type Layout } from './layout.js';

/** Pi_bob_wc: Pi_bob, and X = x·G with the same x (GG18, appendix A.2, "with check"). */
export type BobWcStatement<P> = BobStatement & { readonly X: P };

/** Of Pi_bob, and u = alpha·G: 9·L8 + 547 bytes. */
export type BobWcProof<P> = BobProof & { readonly u: P };

export function bobWcLayout<P>(set: ParameterSet<P>): Layout<BobWcProof<P>> {
  return recordLayout<BobWcProof<P>>({ ...bobFields(set), u: pointLayout(set.curve.group) });
}

const NAME = 'bob-wc';

/** X closes the statement, and u the first moves: a hash without u could be met by choosing it last (tss-lib 42). */
export function bobWcChallenge<P>(
  set: ParameterSet<P>,
  context: ProofContext,
  statement: BobWcStatement<P>,
  first: Pick<BobWcProof<P>, 'z' | 'z1' | 'tt' | 'v' | 'w' | 'u'>,
): bigint {
  const { points } = itemsOf(set);
  const common = bobChallenged(set, statement, first);
  return challengeOf(set, NAME, context, {
    statement: [...common.statement, ...points(statement.X)],
    firstMoves: [...common.firstMoves, ...points(first.u)],
  });
}

export function proveBobWc<P>(
  set: ParameterSet<P>,
  context: ProofContext,
  statement: BobWcStatement<P>,
  witness: BobWitness,
  random: Random,
): BobWcProof<P> {
  const { group } = set.curve;
  const masks = drawBobMasks(set, statement, random);
  const u = group.multiplyBase(modulo(masks.alpha, group.order));
  const first = { ...bobFirstMoves(statement, witness, masks), u };
  const e = bobWcChallenge(set, context, statement, first);
  return { ...first, ...bobResponses(statement, witness, masks, e) };
}

export function bobWcChecks<P>(
  set: ParameterSet<P>,
  context: ProofContext,
  statement: BobWcStatement<P>,
  proof: BobWcProof<P>,
): readonly Check[] {
  const { group } = set.curve;
  const e = bobWcChallenge(set, context, statement, proof);
  return [
    ...bobRangeChecks(set, statement, proof, e),
    {
      // s1·G = u + e·X
      name: 'the point opens',
      holds: () =>
        isSum(group, proof.u, [
          [group.base, modulo(proof.s1, group.order)],
          [statement.X, modulo(-e, group.order)],
        ]),
    },
  ];
}

/** The name of a check that fails; nothing for a proof that holds. */
export function verifyBobWc<P>(
  set: ParameterSet<P>,
  context: ProofContext,
  statement: BobWcStatement<P>,
  proof: BobWcProof<P>,
): string | undefined {
  return failedCheck(bobWcChecks(set, context, statement, proof));
}
