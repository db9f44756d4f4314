import {
  randomSigned,
  squareRoot,
  type PaillierSecretKey,
  type RingPedersen,
} from '../../crypto/index.js';
import type { Random } from '../../ports/index.js';
import type { ParameterSet } from '../parameter-set.js';
import { signedNumberItem } from '../transcript.js';
import { failedCheck, type Check } from './check.js';
import { challengeOf, itemsOf, type ProofContext } from './context.js';
import { numberLayout, recordLayout, signedLayout, type Layout } from './layout.js';

/**
 * Pi_fac: N0 has no small factor: both parts of a split in two are above √N0 / 2^(ell+eps+1) (CGGMP24, figure 26). That there are
 * two primes is Pi_mod's, and neither is enough alone.
 */
export type FacStatement = {
  /** The prover's N. */
  readonly N0: bigint;
  /** The verifier's. */
  readonly to: RingPedersen;
};

/** 12·L8 + 521 bytes. */
export type FacProof = {
  /** s^p·t^mu. */
  readonly P: bigint;
  /** s^q·t^nu. */
  readonly Q: bigint;
  /** s^alpha·t^x. */
  readonly A: bigint;
  /** s^beta·t^y. */
  readonly Bc: bigint;
  /** Q^alpha·t^r. */
  readonly T: bigint;
  readonly sg: bigint;
  /** alpha + e·p. */
  readonly z1: bigint;
  /** beta + e·q. */
  readonly z2: bigint;
  /** x + e·mu. */
  readonly w1: bigint;
  /** y + e·nu. */
  readonly w2: bigint;
  /** r + e·(sg − nu·p). */
  readonly v: bigint;
};

export function facLayout({ widths }: ParameterSet): Layout<FacProof> {
  const number = numberLayout(widths.modulus);
  const { sg, z, w, v } = widths.factor;
  return recordLayout<FacProof>({
    P: number,
    Q: number,
    A: number,
    Bc: number,
    T: number,
    sg: signedLayout(sg),
    z1: signedLayout(z),
    z2: signedLayout(z),
    w1: signedLayout(w),
    w2: signedLayout(w),
    v: signedLayout(v),
  });
}

/** e, of the statement and the first moves. */
export function facChallenge(
  set: ParameterSet,
  context: ProofContext,
  { N0, to }: FacStatement,
  { P, Q, A, Bc, T, sg }: Pick<FacProof, 'P' | 'Q' | 'A' | 'Bc' | 'T' | 'sg'>,
): bigint {
  const { modular, ringPedersen } = itemsOf(set);
  return challengeOf(set, 'fac', context, {
    statement: [...modular(N0), ...ringPedersen(to)],
    firstMoves: [...modular(P, Q, A, Bc, T), signedNumberItem(sg, set.widths.factor.sg)],
  });
}

/** @param key - The prover's, with its primes. */
export function proveFac(
  set: ParameterSet,
  context: ProofContext,
  key: PaillierSecretKey,
  to: RingPedersen,
  random: Random,
): FacProof {
  const { ell, ellEps } = set.factorRanges;
  const statement = { N0: key.N, to };
  const { N0 } = statement;
  const [p, q] = [key.primes.first.value, key.primes.second.value];
  const zMax = ellEps * squareRoot(N0);
  const drawn = (bound: bigint): bigint => randomSigned(bound, random);
  for (;;) {
    const [alpha, beta] = [drawn(zMax), drawn(zMax)];
    const [mu, nu] = [drawn(ell * to.Nh), drawn(ell * to.Nh)];
    const sg = drawn(ell * N0 * to.Nh);
    const r = drawn(ellEps * N0 * to.Nh);
    const [x, y] = [drawn(ellEps * to.Nh), drawn(ellEps * to.Nh)];
    const Q = to.commit(q, nu);
    const first = {
      P: to.commit(p, mu),
      Q,
      A: to.commit(alpha, x),
      Bc: to.commit(beta, y),
      T: to.mod.multiply(to.power(Q, alpha), to.power(to.t, r)),
      sg,
    };
    const e = facChallenge(set, context, statement, first);
    const [z1, z2] = [alpha + e * p, beta + e * q];
    const proof = {
      ...first,
      z1,
      z2,
      w1: x + e * mu,
      w2: y + e * nu,
      v: r + e * (sg - nu * p),
    };
    // Shown outside, they would tell of p and q.
    if (magnitude(z1) <= zMax && magnitude(z2) <= zMax) return proof;
  }
}

function magnitude(value: bigint): bigint {
  return value < 0n ? -value : value;
}

function isWithin(bound: bigint, ...values: readonly bigint[]): boolean {
  return values.every((value) => magnitude(value) <= bound);
}

export function facChecks(
  set: ParameterSet,
  context: ProofContext,
  statement: FacStatement,
  proof: FacProof,
): readonly Check[] {
  const { ell, ellEps } = set.factorRanges;
  const { N0, to } = statement;
  const { P, Q, A, Bc, T, sg, z1, z2, w1, w2, v } = proof;
  const { mod } = to;
  const e = facChallenge(set, context, statement, proof);
  return [
    {
      name: 'z1 and z2 are in range',
      holds: () => isWithin(ellEps * squareRoot(N0), z1, z2),
    },
    { name: 'w1 and w2 are in range', holds: () => isWithin(2n * ellEps * to.Nh, w1, w2) },
    { name: 'v is in range', holds: () => isWithin(2n * ellEps * N0 * to.Nh, v) },
    { name: 'sg is in range', holds: () => isWithin(ell * N0 * to.Nh, sg) },
    { name: 'P, Q, A, Bc and T are units', holds: () => to.areUnits([P, Q, A, Bc, T]) },
    {
      // s^z1·t^w1 = A·P^e
      name: 'the commitment to p opens',
      holds: () => to.commit(z1, w1) === mod.multiply(A, to.power(P, e)),
    },
    {
      // s^z2·t^w2 = Bc·Q^e
      name: 'the commitment to q opens',
      holds: () => to.commit(z2, w2) === mod.multiply(Bc, to.power(Q, e)),
    },
    {
      // Q^z1·t^v = T·(s^N0·t^sg)^e
      name: 'their product is N0',
      holds: () =>
        mod.multiply(to.power(Q, z1), to.power(to.t, v)) ===
        mod.multiply(T, to.power(to.commit(N0, sg), e)),
    },
  ];
}

/** The name of a check that fails; nothing for a proof that holds. */
export function verifyFac(
  set: ParameterSet,
  context: ProofContext,
  statement: FacStatement,
  proof: FacProof,
): string | undefined {
  return failedCheck(facChecks(set, context, statement, proof));
}
