import {
  modulo,
  powerModuloPrimes,
  randomBelow,
  jacobi,
  type RingPedersen,
  type RingPedersenTrapdoor,
} from '../../crypto/index.js';
import type { Random } from '../../ports/index.js';
import type { ParameterSet } from '../parameter-set.js';
import { failedCheck, requireOwn, type Check } from './check.js';
import { challengeBytes, itemsOf, type ProofContext } from './context.js';
import { listLayout, numberLayout, recordLayout, type Layout } from './layout.js';

/** Pi_prm: s is a power of t modulo Nh, so that commitments hide (CGGMP24, figure 17). */
export type PrmStatement = { readonly to: RingPedersen };

/** 256·L8 bytes with 128 repetitions. */
export type PrmProof = {
  /** t^a for each. */
  readonly A: readonly bigint[];
  /** a + e·lambda mod phi(Nh), e a bit. */
  readonly z: readonly bigint[];
};

export function prmLayout({ widths, profile }: ParameterSet): Layout<PrmProof> {
  const list = listLayout(numberLayout(widths.modulus), profile.repetitions);
  return recordLayout<PrmProof>({ A: list, z: list });
}

/**
 * A challenge of one bit for each equation. A single long challenge would be no proof here: elements of small order, and
 * roots of small degree, pass it with a chance that can be tried for (TSSHOCK, c-split).
 */
export function prmChallenge(
  set: ParameterSet,
  context: ProofContext,
  { to }: PrmStatement,
  A: readonly bigint[],
): readonly boolean[] {
  const { modular, ringPedersen } = itemsOf(set);
  const challenged = { statement: ringPedersen(to), firstMoves: modular(...A) };
  const { repetitions } = set.profile;
  const bytes = challengeBytes('prm', context, challenged, repetitions / 8);
  return Array.from({ length: repetitions }, (_, j) => {
    return (((bytes[j >> 3] ?? 0) >> (j & 7)) & 1) === 1;
  });
}

/** @throws Bug when the proof that was made does not verify. */
export function provePrm(
  set: ParameterSet,
  context: ProofContext,
  to: RingPedersenTrapdoor,
  random: Random,
): PrmProof {
  const { primes, phi, lambda, t } = to;
  const masks = Array.from({ length: set.profile.repetitions }, () => randomBelow(phi, random));
  const A = masks.map((a) => powerModuloPrimes(primes, t, a));
  const bits = prmChallenge(set, context, { to }, A);
  const z = masks.map((a, j) => modulo(bits[j] === true ? a + lambda : a, phi));
  const proof = { A, z };
  requireOwn('prm', prmChecks(set, context, { to }, proof));
  return proof;
}

export function prmChecks(
  set: ParameterSet,
  context: ProofContext,
  statement: PrmStatement,
  { A, z }: PrmProof,
): readonly Check[] {
  const { Nh, s, t, mod } = statement.to;
  const { repetitions } = set.profile;
  return [
    {
      name: 'both lists have their length',
      holds: () => A.length === repetitions && z.length === repetitions,
    },
    {
      name: 's and t are no trivial elements',
      holds: () => [s, t].every((each) => each > 1n && each < Nh - 1n) && s !== t,
    },
    { name: 's and t are units', holds: () => statement.to.areUnits([s, t]) },
    {
      name: 's and t have Jacobi symbol 1',
      holds: () => jacobi(s, Nh) === 1 && jacobi(t, Nh) === 1,
    },
    { name: 'every A is a unit', holds: () => statement.to.areUnits(A) },
    { name: 'every z is below Nh', holds: () => z.every((each) => each < Nh) },
    {
      // t^z = A·s^e mod Nh, each by itself: a product of them would pass for s = −t^lambda half of the time.
      name: 'every power is right',
      holds: () => {
        const bits = prmChallenge(set, context, statement, A);
        return (
          bits.length > 0 &&
          bits.every((bit, j) => {
            const A_j = A[j] ?? 0n;
            return mod.power(t, z[j] ?? 0n) === (bit ? mod.multiply(A_j, s) : A_j);
          })
        );
      },
    },
  ];
}

/** The name of a check that fails; nothing for a proof that holds. */
export function verifyPrm(
  set: ParameterSet,
  context: ProofContext,
  statement: PrmStatement,
  proof: PrmProof,
): string | undefined {
  return failedCheck(prmChecks(set, context, statement, proof));
}
