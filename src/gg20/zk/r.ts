import type { Random } from '../../ports/index.js';
import { modulo } from '../../crypto/index.js';
import type { ParameterSet } from '../parameter-set.js';
import {
  aliceFields,
  aliceFirstMoves,
  aliceRangeChecks,
  aliceResponses,
  drawAliceMasks,
  encryptionCheck,
  type AliceProof,
  type AliceStatement,
  type AliceWitness,
} from './alice.js';
import { failedCheck, isSum, requireOwn, type Check } from './check.js';
import { challengeOf, itemsOf, type ProofContext } from './context.js';
import { pointLayout, recordLayout, type Layout } from './layout.js';

/**
 * Pi_R: c = Enc_N(k; r) with |k| ≤ q^3, and Rb = k·R with the same k (GG20, phase 5). Pi_alice with one equation more.
 */
export type RStatement<P> = AliceStatement & { readonly R: P; readonly Rb: P };

/** Of Pi_alice, and u1 = alpha·R: 6·L8 + 226 bytes. */
export type RProof<P> = AliceProof & { readonly u1: P };

export function rLayout<P>(set: ParameterSet<P>): Layout<RProof<P>> {
  return recordLayout<RProof<P>>({ ...aliceFields(set), u1: pointLayout(set.curve.group) });
}

const NAME = 'R';

/** e, of the statement and the first moves. */
export function rChallenge<P>(
  set: ParameterSet<P>,
  context: ProofContext,
  { key, c, to, R, Rb }: RStatement<P>,
  { z, u, w, u1 }: Pick<RProof<P>, 'z' | 'u' | 'w' | 'u1'>,
): bigint {
  const { modular, square, points, ringPedersen } = itemsOf(set);
  return challengeOf(set, NAME, context, {
    statement: [...modular(key.N), ...square(c), ...ringPedersen(to), ...points(R, Rb)],
    firstMoves: [...modular(z), ...square(u), ...modular(w), ...points(u1)],
  });
}

/** @throws Bug when the proof that was made does not verify. */
export function proveR<P>(
  set: ParameterSet<P>,
  context: ProofContext,
  statement: RStatement<P>,
  witness: AliceWitness,
  random: Random,
): RProof<P> {
  const { group } = set.curve;
  const masks = drawAliceMasks(set, statement, random);
  const u1 = group.multiplySecret(statement.R, modulo(masks.alpha, group.order));
  const first = { ...aliceFirstMoves(statement, witness.m, masks), u1 };
  const e = rChallenge(set, context, statement, first);
  const proof = { ...first, ...aliceResponses(statement, witness, masks, e) };
  requireOwn(NAME, [encryptionCheck(statement, proof, e), pointCheck(set, statement, proof, e)]);
  return proof;
}

function pointCheck<P>(
  { curve: { group } }: ParameterSet<P>,
  { R, Rb }: RStatement<P>,
  { u1, s1 }: RProof<P>,
  e: bigint,
): Check {
  // s1·R = u1 + e·Rb
  return {
    name: 'the point opens',
    holds: () =>
      isSum(group, u1, [
        [R, modulo(s1, group.order)],
        [Rb, modulo(-e, group.order)],
      ]),
  };
}

export function rChecks<P>(
  set: ParameterSet<P>,
  context: ProofContext,
  statement: RStatement<P>,
  proof: RProof<P>,
): readonly Check[] {
  const e = rChallenge(set, context, statement, proof);
  return [...aliceRangeChecks(set, statement, proof, e), pointCheck(set, statement, proof, e)];
}

/** The name of a check that fails; nothing for a proof that holds. */
export function verifyR<P>(
  set: ParameterSet<P>,
  context: ProofContext,
  statement: RStatement<P>,
  proof: RProof<P>,
): string | undefined {
  return failedCheck(rChecks(set, context, statement, proof));
}
