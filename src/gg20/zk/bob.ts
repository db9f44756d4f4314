import {
  isUnit,
  randomBelow,
  randomUnit,
  type PaillierPublicKey,
  type RingPedersen,
} from '../../crypto/index.js';
import type { Random } from '../../ports/index.js';
import type { ParameterSet } from '../parameter-set.js';
import { failedCheck, type Check } from './check.js';
import { challengeOf, itemsOf, type Challenged, type ProofContext } from './context.js';
import { numberLayout, recordLayout, type Fields, type Layout } from './layout.js';

/**
 * Pi_bob: c2 = c1^x·Enc_N(y; r) of a small x and a small y (GG18, appendix A.3). A proof that holds shows |x| ≤ q^3 and
 * |y| ≤ q^7, so that no product wraps around N.
 */
export type BobStatement = {
  /** Alice's. To verify, with its primes. */
  readonly key: PaillierPublicKey;
  readonly c1: bigint;
  readonly c2: bigint;
  /** Alice's. */
  readonly to: RingPedersen;
};

/** x in [0, q), y in [0, q^5), r a unit modulo N. */
export type BobWitness = { readonly x: bigint; readonly y: bigint; readonly r: bigint };

/** 9·L8 + 514 bytes. */
export type BobProof = {
  /** s^x·t^rho mod Nh. */
  readonly z: bigint;
  /** s^alpha·t^rho' mod Nh. */
  readonly z1: bigint;
  /** s^y·t^sigma mod Nh. */
  readonly tt: bigint;
  /** c1^alpha·(1 + gamma·N)·beta^N mod N². */
  readonly v: bigint;
  /** s^gamma·t^tau mod Nh. */
  readonly w: bigint;
  /** r^e·beta mod N. */
  readonly sp: bigint;
  /** e·x + alpha. */
  readonly s1: bigint;
  /** e·rho + rho'. */
  readonly s2: bigint;
  /** e·y + gamma. */
  readonly t1: bigint;
  /** e·sigma + tau. */
  readonly t2: bigint;
};

type FirstMoves = Pick<BobProof, 'z' | 'z1' | 'tt' | 'v' | 'w'>;

export type BobMasks = {
  readonly alpha: bigint;
  readonly beta: bigint;
  readonly gamma: bigint;
  readonly rho: bigint;
  readonly rho1: bigint;
  readonly sigma: bigint;
  readonly tau: bigint;
};

export function bobFields({ widths }: ParameterSet): Fields<BobProof> {
  return {
    z: numberLayout(widths.modulus),
    z1: numberLayout(widths.modulus),
    tt: numberLayout(widths.modulus),
    v: numberLayout(widths.square),
    w: numberLayout(widths.modulus),
    sp: numberLayout(widths.modulus),
    s1: numberLayout(widths.mask),
    s2: numberLayout(widths.opening),
    t1: numberLayout(widths.betaMask),
    t2: numberLayout(widths.opening),
  };
}

export function bobLayout(set: ParameterSet): Layout<BobProof> {
  return recordLayout(bobFields(set));
}

export function drawBobMasks(
  { ranges }: ParameterSet,
  { key, to }: BobStatement,
  random: Random,
): BobMasks {
  return {
    alpha: randomBelow(ranges.mask, random),
    beta: randomUnit(key.N, random),
    gamma: randomBelow(ranges.betaMask, random),
    rho: randomBelow(ranges.opening * to.Nh, random),
    rho1: randomBelow(ranges.openingMask * to.Nh, random),
    sigma: randomBelow(ranges.opening * to.Nh, random),
    tau: randomBelow(ranges.openingMask * to.Nh, random),
  };
}

export function bobFirstMoves(
  { key, c1, to }: BobStatement,
  { x, y }: BobWitness,
  { alpha, beta, gamma, rho, rho1, sigma, tau }: BobMasks,
): FirstMoves {
  return {
    z: to.commit(x, rho),
    z1: to.commit(alpha, rho1),
    tt: to.commit(y, sigma),
    v: key.modNN.multiply(key.power(c1, alpha), key.encrypt(gamma, beta)),
    w: to.commit(gamma, tau),
  };
}

export function bobResponses(
  { key }: BobStatement,
  { x, y, r }: BobWitness,
  { alpha, beta, gamma, rho, rho1, sigma, tau }: BobMasks,
  e: bigint,
): Omit<BobProof, keyof FirstMoves> {
  return {
    sp: key.modN.multiply(key.modN.power(r, e), beta),
    s1: e * x + alpha,
    s2: e * rho + rho1,
    t1: e * y + gamma,
    t2: e * sigma + tau,
  };
}

/** The items of the statement and of the first moves. */
export function bobChallenged(
  set: ParameterSet,
  { key, c1, c2, to }: BobStatement,
  { z, z1, tt, v, w }: FirstMoves,
): Challenged {
  const { modular, square, ringPedersen } = itemsOf(set);
  return {
    statement: [...modular(key.N), ...square(c1, c2), ...ringPedersen(to)],
    firstMoves: [...modular(z, z1, tt), ...square(v), ...modular(w)],
  };
}

const NAME = 'bob';

/** e, of the statement and the first moves. */
export function bobChallenge(
  set: ParameterSet,
  context: ProofContext,
  statement: BobStatement,
  first: FirstMoves,
): bigint {
  return challengeOf(set, NAME, context, bobChallenged(set, statement, first));
}

export function proveBob(
  set: ParameterSet,
  context: ProofContext,
  statement: BobStatement,
  witness: BobWitness,
  random: Random,
): BobProof {
  const masks = drawBobMasks(set, statement, random);
  const first = bobFirstMoves(statement, witness, masks);
  const e = bobChallenge(set, context, statement, first);
  return { ...first, ...bobResponses(statement, witness, masks, e) };
}

/** The checks that a proof shares with that of {@link file://./bob-wc.ts}. */
export function bobRangeChecks(
  { ranges }: ParameterSet,
  { key, c1, c2, to }: BobStatement,
  { z, z1, tt, v, w, sp, s1, s2, t1, t2 }: BobProof,
  e: bigint,
): readonly Check[] {
  const openingMax = 2n * ranges.openingMask * to.Nh;
  const { modNN } = key;
  return [
    { name: 's1 is in range', holds: () => s1 <= ranges.mask },
    { name: 't1 is in range', holds: () => t1 <= ranges.betaMask },
    { name: 's2 is in range', holds: () => s2 <= openingMax },
    { name: 't2 is in range', holds: () => t2 <= openingMax },
    { name: 'z, z1, tt and w are units', holds: () => to.areUnits([z, z1, tt, w]) },
    {
      name: 'c1 and c2 are ciphertexts',
      holds: () => key.isCiphertext(c1) && key.isCiphertext(c2),
    },
    { name: 'v and sp are units', holds: () => key.isCiphertext(v) && isUnit(sp, key.N) },
    {
      // s^s1·t^s2 = z1·z^e mod Nh
      name: 'the commitment to x opens',
      holds: () => to.commit(s1, s2) === to.mod.multiply(z1, to.power(z, e)),
    },
    {
      // s^t1·t^t2 = w·tt^e mod Nh
      name: 'the commitment to y opens',
      holds: () => to.commit(t1, t2) === to.mod.multiply(w, to.power(tt, e)),
    },
    {
      // c1^s1·(1 + t1·N)·sp^N = v·c2^e mod N²
      name: 'the ciphertext opens',
      holds: () =>
        modNN.multiply(key.power(c1, s1), key.encrypt(t1, sp)) ===
        modNN.multiply(v, key.power(c2, e)),
    },
  ];
}

export function bobChecks(
  set: ParameterSet,
  context: ProofContext,
  statement: BobStatement,
  proof: BobProof,
): readonly Check[] {
  const e = bobChallenge(set, context, statement, proof);
  return bobRangeChecks(set, statement, proof, e);
}

/** The name of a check that fails; nothing for a proof that holds. */
export function verifyBob(
  set: ParameterSet,
  context: ProofContext,
  statement: BobStatement,
  proof: BobProof,
): string | undefined {
  return failedCheck(bobChecks(set, context, statement, proof));
}
