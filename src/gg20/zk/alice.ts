import {
  isUnit,
  randomBelow,
  randomUnit,
  type PaillierPublicKey,
  type RingPedersen,
} from '../../crypto/index.js';
import type { Random } from '../../ports/index.js';
import type { ParameterSet } from '../parameter-set.js';
import { failedCheck, requireOwn, type Check } from './check.js';
import { challengeOf, itemsOf, type ProofContext } from './context.js';
import { numberLayout, recordLayout, type Fields, type Layout } from './layout.js';

/**
 * Pi_alice: c = Enc_N(m; r) of a small m (MacKenzie and Reiter 2001, appendix A.1; GG18, appendix A.1). A proof that holds shows |m| ≤ q^3.
 */
export type AliceStatement = {
  /** The prover's; to prove, with its primes. */
  readonly key: PaillierPublicKey;
  readonly c: bigint;
  /** The verifier's; with its trapdoor it verifies faster. */
  readonly to: RingPedersen;
};

/** m in [0, q), r a unit modulo N. */
export type AliceWitness = { readonly m: bigint; readonly r: bigint };

/** 6·L8 + 193 bytes. */
export type AliceProof = {
  /** s^m·t^rho mod Nh. */
  readonly z: bigint;
  /** (1 + alpha·N)·beta^N mod N². */
  readonly u: bigint;
  /** s^alpha·t^gamma mod Nh. */
  readonly w: bigint;
  /** r^e·beta mod N. */
  readonly sp: bigint;
  /** e·m + alpha. */
  readonly s1: bigint;
  /** e·rho + gamma. */
  readonly s2: bigint;
};

export type AliceMasks = {
  readonly alpha: bigint;
  readonly beta: bigint;
  readonly gamma: bigint;
  readonly rho: bigint;
};

export function aliceFields({ widths }: ParameterSet): Fields<AliceProof> {
  return {
    z: numberLayout(widths.modulus),
    u: numberLayout(widths.square),
    w: numberLayout(widths.modulus),
    sp: numberLayout(widths.modulus),
    s1: numberLayout(widths.mask),
    s2: numberLayout(widths.opening),
  };
}

export function aliceLayout(set: ParameterSet): Layout<AliceProof> {
  return recordLayout(aliceFields(set));
}

export function drawAliceMasks(
  { ranges }: ParameterSet,
  { key, to }: AliceStatement,
  random: Random,
): AliceMasks {
  return {
    alpha: randomBelow(ranges.mask, random),
    beta: randomUnit(key.N, random),
    gamma: randomBelow(ranges.openingMask * to.Nh, random),
    rho: randomBelow(ranges.opening * to.Nh, random),
  };
}

export function aliceFirstMoves(
  { key, to }: AliceStatement,
  m: bigint,
  { alpha, beta, gamma, rho }: AliceMasks,
): Pick<AliceProof, 'z' | 'u' | 'w'> {
  return {
    z: to.commit(m, rho),
    u: key.encrypt(alpha, beta),
    w: to.commit(alpha, gamma),
  };
}

export function aliceResponses(
  { key }: AliceStatement,
  { m, r }: AliceWitness,
  { alpha, beta, gamma, rho }: AliceMasks,
  e: bigint,
): Pick<AliceProof, 'sp' | 's1' | 's2'> {
  return {
    sp: key.modN.multiply(key.modN.power(r, e), beta),
    s1: e * m + alpha,
    s2: e * rho + gamma,
  };
}

const NAME = 'alice';

/** e, of the statement and the first moves. */
export function aliceChallenge(
  set: ParameterSet,
  context: ProofContext,
  { key, c, to }: AliceStatement,
  { z, u, w }: Pick<AliceProof, 'z' | 'u' | 'w'>,
): bigint {
  const { modular, square, ringPedersen } = itemsOf(set);
  return challengeOf(set, NAME, context, {
    statement: [...modular(key.N), ...square(c), ...ringPedersen(to)],
    firstMoves: [...modular(z), ...square(u), ...modular(w)],
  });
}

/** @throws Bug when the proof that was made does not verify. */
export function proveAlice(
  set: ParameterSet,
  context: ProofContext,
  statement: AliceStatement,
  witness: AliceWitness,
  random: Random,
): AliceProof {
  const masks = drawAliceMasks(set, statement, random);
  const first = aliceFirstMoves(statement, witness.m, masks);
  const e = aliceChallenge(set, context, statement, first);
  const proof = { ...first, ...aliceResponses(statement, witness, masks, e) };
  requireOwn(NAME, [encryptionCheck(statement, proof, e)]);
  return proof;
}

/** The equation that contains this node's own ciphertext. */
export function encryptionCheck(
  { key, c }: AliceStatement,
  { u, sp, s1 }: AliceProof,
  e: bigint,
): Check {
  // (1 + s1·N)·sp^N = u·c^e mod N²
  return {
    name: 'the ciphertext opens',
    holds: () => key.encrypt(s1, sp) === key.modNN.multiply(u, key.power(c, e)),
  };
}

/** The checks that a proof shares with that of {@link file://./r.ts}. */
export function aliceRangeChecks(
  { ranges }: ParameterSet,
  statement: AliceStatement,
  proof: AliceProof,
  e: bigint,
): readonly Check[] {
  const { key, c, to } = statement;
  const { z, u, w, sp, s1, s2 } = proof;
  return [
    { name: 's1 is in range', holds: () => s1 <= ranges.mask },
    { name: 's2 is in range', holds: () => s2 <= 2n * ranges.openingMask * to.Nh },
    { name: 'z and w are units', holds: () => to.areUnits([z, w]) },
    { name: 'c is a ciphertext', holds: () => key.isCiphertext(c) },
    { name: 'u and sp are units', holds: () => key.isCiphertext(u) && isUnit(sp, key.N) },
    encryptionCheck(statement, proof, e),
    {
      // s^s1·t^s2 = w·z^e mod Nh
      name: 'the commitment opens',
      holds: () => to.commit(s1, s2) === to.mod.multiply(w, to.power(z, e)),
    },
  ];
}

export function aliceChecks(
  set: ParameterSet,
  context: ProofContext,
  statement: AliceStatement,
  proof: AliceProof,
): readonly Check[] {
  const e = aliceChallenge(set, context, statement, proof);
  return aliceRangeChecks(set, statement, proof, e);
}

/** The name of a check that fails; nothing for a proof that holds. */
export function verifyAlice(...proved: Parameters<typeof aliceChecks>): string | undefined {
  return failedCheck(aliceChecks(...proved));
}
