import {
  isPrime,
  jacobi,
  randomBelow,
  randomScalar,
  randomUnit,
  RingPedersen,
} from '../../../src/crypto/index.js';
import { parameterSet, proveAlice, verifyPrm, type PrmProof } from '../../../src/gg20/index.js';
import { plainPower, primeFrom } from '../../support/adversary/gg20-moduli.js';
import { stoppedBy, unstopped } from './attack.js';
import type { Attempt } from './attack.js';
import { combined } from './ground.js';
import {
  answersTo,
  ATTACKER,
  attacker,
  attackersPlace,
  q,
  random,
  set,
  VICTIM,
  victim,
  withFacts,
} from './pair.js';

export const wide = parameterSet(set.curve, { ...set.profile, repetitions: 64 });
export const place = attackersPlace(attacker.ssid0, 2);

/** Their product is above q, so that a number below q is known by its remainders. */
export const SMOOTH = [1019n, 1031n, 1039n, 1051n, 1063n, 1087n, 1091n];
export const smooth = SMOOTH.reduce((product, prime) => product * prime);

/** 2·SMOOTH·x + 1 of 512 bits. */
function smoothPrime(): bigint {
  let prime = 2n * smooth * ((1n << 511n) / smooth) + 1n;
  do prime -= 2n * smooth;
  while (prime % 4n !== 3n || !isPrime(prime));
  return prime;
}

export const P = smoothPrime();
export const Q = primeFrom(((1n << 512n) * 97n) / 100n);
export const Nh = P * Q;

/** A square modulo P and Q whose order has every prime of SMOOTH. */
export function square(): bigint {
  for (;;) {
    const s = randomUnit(Nh, random) ** 2n % Nh;
    if (SMOOTH.every((r) => plainPower(s, (P - 1n) / r, P) !== 1n)) return s;
  }
}

/** A proof in which every exponent is known, and nothing is said of s. */
export function hopefulProof({ Nh: modulus, t }: RingPedersen): PrmProof {
  const to = new RingPedersen(modulus, 4n, t);
  const z = Array.from({ length: wide.profile.repetitions }, () => randomBelow(Q, random));
  return { A: z.map((each) => to.power(t, each)), z };
}

export function refusalOf(to: RingPedersen, proof: PrmProof): Attempt | undefined {
  const check = verifyPrm(wide, place, { to }, proof);
  return check === undefined ? undefined : stoppedBy(`${ATTACKER} Pi_prm: ${check}`);
}

/** The victim’s commitment to w under these bases, in its answer to a right question: z = s^w·t^rho. */
export function committedW(to: RingPedersen): bigint {
  const { key } = attacker.own;
  const [k, r] = [randomScalar(q, random), randomUnit(key.N, random)];
  const K = key.encrypt(k, r);
  const at = attackersPlace(attacker.ssid0, 1);
  const statement = { key, c: K, to: victim.facts.get(VICTIM)?.to ?? victim.own.trapdoor };
  const proof = proveAlice(set, at, statement, { m: k, r }, random);
  const asked = answersTo(K, proof, withFacts(victim, { to }));
  if ('stopped' in asked) throw new Error('a right question is answered');
  return asked.answers.proofWc.z;
}

/** w modulo r: t is a power of s^r, so that z to (P − 1)/r is a power of s alone. */
export function remainder(z: bigint, s: bigint, r: bigint): bigint {
  const exponent = (P - 1n) / r;
  const [base, goal] = [plainPower(s, exponent, P), plainPower(z, exponent, P)];
  let [power, log] = [1n, 0n];
  while (power !== goal && log < r) [power, log] = [(power * base) % P, log + 1n];
  return log;
}

/** s is no power of t, but t one of s: what hides w hides nothing of it modulo small primes. */
export function rootOfT(t: bigint, s: bigint, proof?: PrmProof): Attempt {
  const to = new RingPedersen(Nh, s, t);
  const refused = refusalOf(to, proof ?? hopefulProof(to));
  if (refused !== undefined) return refused;
  const z = committedW(to);
  const w = combined(SMOOTH.map((r) => [remainder(z, s, r), r]));
  return unstopped(w === victim.own.w && 'w of the victim, from one answer');
}

/** −t^lambda: w odd or even shows in whether z is a square. */
export function negatedBases(): RingPedersen {
  const { trapdoor } = attacker.own;
  return new RingPedersen(trapdoor.Nh, trapdoor.Nh - trapdoor.s, trapdoor.t);
}

export function parityOfW(to: RingPedersen): string | undefined {
  const isOdd = jacobi(committedW(to), attacker.own.trapdoor.primes.first.value) === -1;
  return isOdd === ((victim.own.w & 1n) === 1n) ? 'whether w of the victim is odd' : undefined;
}

export function powerOf(s: bigint, degree: bigint): bigint {
  return plainPower(s, degree, Nh);
}

/** Where Pi_prm looks at one equation. */
export const POWERS = 'return mod.power(t, z[j] ?? 0n) === (bit ? mod.multiply(A_j, s) : A_j);';
