import {
  inverse,
  jacobi,
  modulo,
  PaillierPublicKey,
  PaillierSecretKey,
  randomUnit,
} from '../../../src/crypto/index.js';
import {
  failedCheck,
  modulusChecks,
  parameterSet,
  proveFac,
  verifyFac,
  verifyMod,
  type ModProof,
  type ParameterSet,
  type ProofContext,
} from '../../../src/gg20/index.js';
import { modTargets } from '../../../src/gg20/zk/mod.js';
import { areUnits } from '../../../src/crypto/modular/integers.js';
import { forgedMod, primeFrom, Squarefree } from '../../support/adversary/gg20-moduli.js';
import { gg20, stoppedBy, unstopped } from './attack.js';
import type { Attempt, Gg20Attack } from './attack.js';
import { combined, groundProof } from './ground.js';
import {
  answersTo,
  ATTACKER,
  attacker,
  attackersPlace,
  opened,
  q,
  random,
  set,
  victim,
  withFacts,
} from './pair.js';

/** With as many repetitions as the profiles have: with fewer, three primes have a proof for some w. */
const wide = parameterSet(set.curve, { ...set.profile, repetitions: 128 });
const place = attackersPlace(attacker.ssid0, 3);
const to = victim.own.trapdoor;

/** Both halves of 512 bits; the first of seven tiny primes and a large one. */
const TINY = [1019n, 1031n, 1039n, 1051n, 1063n, 1087n, 1091n];
const HALF = 1n << 512n;
const tinyProduct = TINY.reduce((product, prime) => product * prime);
const [large, other] = [
  primeFrom((HALF * 97n) / 100n / tinyProduct),
  primeFrom((HALF * 98n) / 100n),
];
export const malformed = new Squarefree(...TINY, large, other);
export const malformedHalves = [tinyProduct * large, other] as const;
const N = malformed.product;

/** A w for which no check of Pi_mod fails but that of the fourth roots. */
export function bestProof(
  factors: Squarefree,
  its: ParameterSet = wide,
  at: ProofContext = place,
): ModProof {
  const key = new PaillierPublicKey(factors.product);
  for (;;) {
    const w = randomUnit(key.N, random);
    const isFit = jacobi(w, key.N) === -1 && areUnits(modTargets(its, at, { key }, w), key.N);
    if (isFit) return forgedMod(its, at, factors, w).proof;
  }
}

/** With w = 0, x = 0 is a fourth root of w·y for every y (CVE-2025-66016, tss-lib 323). */
function zeroProof(factors: Squarefree): ModProof {
  const key = new PaillierPublicKey(factors.product);
  const ys = modTargets(wide, place, { key }, 0n);
  return {
    w: 0n,
    x: ys.map(() => 0n),
    z: ys.map((y) => factors.root(y)),
    a: new Uint8Array(ys.length / 8),
    b: new Uint8Array(ys.length / 8).fill(255),
  };
}

function named(check: string): Attempt {
  return stoppedBy(`${ATTACKER} ${check}`);
}

/** What stands against an N: the quick checks, then Pi_mod. */
function refusalOf(factors: Squarefree, proof: ModProof, isScreened = false): Attempt | undefined {
  const { product } = factors;
  const quick = isScreened ? failedCheck(modulusChecks(wide.profile, product)) : undefined;
  if (quick !== undefined) return named(quick);
  const mod = verifyMod(wide, place, { key: new PaillierPublicKey(product) }, proof);
  return mod === undefined ? undefined : named(`Pi_mod: ${mod}`);
}

/**
 * BitForge: K encrypts N/p of a tiny prime p. Its proof is forged where p divides the challenge, and the answer’s plaintext over
 * N/p is w modulo p. As many sessions as tiny primes give w.
 */
export function extracted(): string | undefined {
  const key = new PaillierPublicKey(N);
  const phi = malformed.primes.reduce((product, prime) => product * (prime - 1n), 1n);
  const session = withFacts(victim, { key });
  const remainders = TINY.map((p): readonly [bigint, bigint] | undefined => {
    const { K, proof } = groundProof({
      place: attackersPlace(victim.ssid0, 1),
      key,
      to,
      r: p,
      k: N / p,
      root: 1n,
      response: () => 0n,
    });
    const asked = answersTo(K, proof, session);
    if ('stopped' in asked) return undefined;
    const power = (key.power(asked.answers.ch, phi) - 1n) / N;
    return [modulo(power * inverse(phi, N), N) / (N / p), p];
  });
  const known = remainders.filter((each) => each !== undefined);
  return known.length === TINY.length && combined(known) === victim.own.w
    ? `w of the victim, from ${TINY.length} answers`
    : undefined;
}

function tinyFactors(isScreened: boolean): Attempt {
  return refusalOf(malformed, bestProof(malformed), isScreened) ?? unstopped(extracted());
}

function zeroRoots(): Attempt {
  return refusalOf(malformed, zeroProof(malformed)) ?? unstopped(extracted());
}

/** Both halves are long, so Pi_fac holds: it is said by the other proof that they are primes. */
function balancedHalves(): Attempt {
  const fac = proveFac(set, place, new PaillierSecretKey(...malformedHalves), to, random);
  const check = verifyFac(set, place, { N0: N, to }, fac);
  if (check !== undefined) return named(`Pi_fac: ${check}`);
  return refusalOf(malformed, bestProof(malformed)) ?? unstopped(extracted());
}

function threePrimes(): Attempt {
  const [first, second] = [primeFrom((1n << 256n) - 99_999n), primeFrom((1n << 256n) - 999_999n)];
  const factors = new Squarefree(first, second, other);
  return refusalOf(factors, bestProof(factors), true) ?? unstopped('an N of three primes is taken');
}

/** phi(N) is N − 1, and everybody knows it. */
function primeModulus(isScreened: boolean): Attempt {
  const prime = new Squarefree(primeFrom((1n << 1024n) - 99_999n));
  const refused = refusalOf(prime, bestProof(prime), isScreened);
  if (refused !== undefined) return refused;
  const key = new PaillierPublicKey(prime.product);
  const { secrets } = opened();
  const K = key.encrypt(secrets.k, randomUnit(key.N, random));
  const k = modulo((1n - key.power(K, key.N - 1n)) / key.N, key.N);
  return unstopped(k % q === secrets.k && 'every k, for anybody who sees K');
}

const X_OF_MOD = gg20(
  'zk/mod.js',
  'return modN.multiply(square, square) === target(N, w, y, bitAt(a, j), bitAt(b, j));',
  'return true;',
);
const SMALL_FACTORS = gg20('modulus-checks.js', '!hasSmallFactor(N)', 'true');
const COMPOSITE = gg20(
  'zk/mod.js',
  "'N is composite', holds: () => !isPrime(N)",
  "'N is composite', holds: () => true",
);
const QUICK_PRIME = gg20(
  'modulus-checks.js',
  "'the modulus is not prime', holds: () => !isPrime(N)",
  "'the modulus is not prime', holds: () => true",
);
const VERIFY_MOD = gg20(
  'zk/mod.js',
  'return failedCheck(modChecks(set, context, statement, proof));',
  'return undefined;',
);

export const FALSE_MODULI: readonly Gg20Attack[] = [
  {
    row: 3,
    name: 'a, seven tiny primes in N make seven answers tell w',
    culprit: ATTACKER,
    stopped: 'the modulus has no small factor',
    removed: [SMALL_FACTORS, X_OF_MOD],
    run: () => tinyFactors(true),
  },
  {
    row: 3,
    name: 'b, the same where nobody looks for small factors',
    culprit: ATTACKER,
    stopped: 'Pi_mod: every x is a fourth root',
    removed: [X_OF_MOD],
    run: () => tinyFactors(false),
  },
  {
    row: 3,
    name: 'c, an N of three large primes',
    culprit: ATTACKER,
    stopped: 'Pi_mod: every x is a fourth root',
    removed: [X_OF_MOD],
    run: threePrimes,
  },
  {
    row: 4,
    name: 'w = 0 and x = 0 in Pi_mod, for an N with tiny primes',
    culprit: ATTACKER,
    stopped: 'Pi_mod: w is a unit',
    removed: [
      gg20('zk/mod.js', 'holds: () => isUnit(w, N)', 'holds: () => true'),
      gg20('zk/mod.js', 'holds: () => jacobi(w, N) === -1', 'holds: () => true'),
      gg20('zk/mod.js', 'value > 0n && value < N', 'value < N'),
    ],
    run: zeroRoots,
  },
  {
    row: 5,
    name: 'an N with tiny primes for which Pi_fac holds',
    culprit: ATTACKER,
    stopped: 'Pi_mod: every x is a fourth root',
    removed: [VERIFY_MOD],
    run: balancedHalves,
  },
  {
    row: 6,
    name: 'a prime N',
    culprit: ATTACKER,
    stopped: 'the modulus is not prime',
    removed: [QUICK_PRIME, COMPOSITE],
    run: () => primeModulus(true),
  },
  {
    row: 6,
    name: 'a prime N in Pi_mod alone',
    culprit: ATTACKER,
    stopped: 'Pi_mod: N is composite',
    removed: [COMPOSITE],
    run: () => primeModulus(false),
  },
];
