import {
  areUnits,
  bitLength,
  Crt,
  decodeBigEndian,
  isPrime,
  isUnit,
  jacobi,
  modulo,
  randomUnit,
  type PaillierPublicKey,
  type PaillierSecretKey,
} from '../../crypto/index.js';
import type { Random } from '../../ports/index.js';
import type { ParameterSet } from '../parameter-set.js';
import { failedCheck, requireOwn, type Check } from './check.js';
import { challengeBytes, itemsOf, type ProofContext } from './context.js';
import { bytesLayout, listLayout, numberLayout, recordLayout, type Layout } from './layout.js';

/**
 * Pi_mod: N is the product of two primes that are 3 modulo 4, and gcd(N, phi(N)) = 1 (CGGMP24, figure 16; van de Graaf and
 * Peralta 1987; eprint 2018/057 for the z).
 */
export type ModStatement = { readonly key: PaillierPublicKey };

/** 257·L8 + 32 bytes with 128 repetitions. */
export type ModProof = {
  /** Of Jacobi symbol −1. */
  readonly w: bigint;
  /** A fourth root of (−1)^a·w^b·y, for each y. */
  readonly x: readonly bigint[];
  /** The N-th root of each y. */
  readonly z: readonly bigint[];
  /** A bit for each y, the first in the lowest bit of the first byte. */
  readonly a: Uint8Array;
  readonly b: Uint8Array;
};

export function modLayout({ widths, profile }: ParameterSet): Layout<ModProof> {
  const number = numberLayout(widths.modulus);
  const { repetitions } = profile;
  return recordLayout<ModProof>({
    w: number,
    x: listLayout(number, repetitions),
    z: listLayout(number, repetitions),
    a: bytesLayout(repetitions / 8),
    b: bytesLayout(repetitions / 8),
  });
}

/** Drawn beyond L8, so that y mod N is as good as uniform. */
const EXTRA_BYTES = 32;

/** y_1 .. y_m below N, which the prover cannot choose. */
export function modTargets(
  set: ParameterSet,
  context: ProofContext,
  { key }: ModStatement,
  w: bigint,
): readonly bigint[] {
  const { modular } = itemsOf(set);
  const challenged = { statement: modular(key.N), firstMoves: modular(w) };
  const { repetitions } = set.profile;
  const chunk = set.widths.modulus + EXTRA_BYTES;
  const bytes = challengeBytes('mod', context, challenged, repetitions * chunk);
  return Array.from({ length: repetitions }, (_, j) => {
    return decodeBigEndian(bytes.subarray(j * chunk, (j + 1) * chunk)) % key.N;
  });
}

/** @throws Bug when the proof that was made does not verify. */
export function proveMod(
  set: ParameterSet,
  context: ProofContext,
  statement: { readonly key: PaillierSecretKey },
  random: Random,
): ModProof {
  const { key } = statement;
  const { N, primes } = key;
  const w = nonResidue(N, random);
  const ys = modTargets(set, context, statement, w);
  const wResidue = residuosity(primes, w);
  const [a, b] = [new Uint8Array(ys.length / 8), new Uint8Array(ys.length / 8)];
  const x = ys.map((y, j) => {
    const [modP, modQ] = residuosity(primes, y);
    // w is a residue modulo one prime alone, and −1 modulo none: one of the four is a residue modulo both.
    const takesW = modP !== modQ;
    const isResidue = takesW ? modP === wResidue[0] : modP;
    setBit(b, j, takesW);
    setBit(a, j, !isResidue);
    return fourthRoot(primes, target(N, w, y, !isResidue, takesW));
  });
  const z = ys.map((y) => key.root(y));
  const proof = { w, x, z, a, b };
  requireOwn('mod', modChecks(set, context, statement, proof));
  return proof;
}

function nonResidue(N: bigint, random: Random): bigint {
  for (;;) {
    const w = randomUnit(N, random);
    if (jacobi(w, N) === -1) return w;
  }
}

/** (−1)^a·w^b·y mod N. */
function target(N: bigint, w: bigint, y: bigint, a: boolean, b: boolean): bigint {
  const value = b ? w * y : y;
  return modulo(a ? -value : value, N);
}

/**
 * Claims for each prime that value is a square modulo it: v^((p+1)/4) is then a root of it. Euler's criterion is not asked for,
 * since its power is always 1 or −1, which OpenSSL refuses.
 */
function residuosity({ first, second }: Crt, value: bigint): readonly [boolean, boolean] {
  const [modP = false, modQ = false] = [first, second].map((prime) => {
    const root = prime.power(value, (prime.value + 1n) / 4n);
    return prime.multiply(root, root) === modulo(value, prime.value);
  });
  return [modP, modQ];
}

/** Of a square modulo both primes, the fourth root that is a square itself. */
function fourthRoot(primes: Crt, value: bigint): bigint {
  const [modP = 0n, modQ = 0n] = [primes.first, primes.second].map((prime) => {
    const exponent = ((prime.value + 1n) / 4n) ** 2n % (prime.value - 1n);
    return prime.power(value, exponent);
  });
  return primes.combine(modP, modQ);
}

function setBit(bits: Uint8Array, j: number, bit: boolean): void {
  if (bit) bits[j >> 3] = (bits[j >> 3] ?? 0) | (1 << (j & 7));
}

function bitAt(bits: Uint8Array, j: number): boolean {
  return (((bits[j >> 3] ?? 0) >> (j & 7)) & 1) === 1;
}

export function modChecks(
  set: ParameterSet,
  context: ProofContext,
  statement: ModStatement,
  { w, x, z, a, b }: ModProof,
): readonly Check[] {
  const { key } = statement;
  const { N, modN } = key;
  const { modulusBits, repetitions } = set.profile;
  const ys = modTargets(set, context, statement, w);
  const lists = [x, z];
  return [
    { name: 'N has its length', holds: () => bitLength(N) === modulusBits },
    {
      name: 'every list has its length',
      holds: () =>
        lists.every(({ length }) => length === repetitions) &&
        [a, b].every(({ length }) => length * 8 === repetitions),
    },
    // Of a w that is no unit, every x = 0 would be a root of w^1·y (CVE-2025-66016, tss-lib 323).
    { name: 'w is a unit', holds: () => isUnit(w, N) },
    { name: 'w has Jacobi symbol −1', holds: () => jacobi(w, N) === -1 },
    {
      name: 'every x and z is below N',
      holds: () => lists.every((each) => each.every((value) => value > 0n && value < N)),
    },
    { name: 'every y is a unit', holds: () => areUnits(ys, N) },
    { name: 'N is composite', holds: () => !isPrime(N) },
    // One by one: what is multiplied together could hide elements of small order, in a group of the prover's choice.
    {
      // z^N = y mod N
      name: 'every z is an N-th root',
      holds: () => ys.length > 0 && ys.every((y, j) => modN.power(z[j] ?? 0n, N) === y),
    },
    {
      // x^4 = (−1)^a·w^b·y mod N
      name: 'every x is a fourth root',
      holds: () =>
        ys.length > 0 &&
        ys.every((y, j) => {
          const square = modN.multiply(x[j] ?? 0n, x[j] ?? 0n);
          return modN.multiply(square, square) === target(N, w, y, bitAt(a, j), bitAt(b, j));
        }),
    },
  ];
}

/** The name of a check that fails; nothing for a proof that holds. */
export function verifyMod(
  set: ParameterSet,
  context: ProofContext,
  statement: ModStatement,
  proof: ModProof,
): string | undefined {
  return failedCheck(modChecks(set, context, statement, proof));
}
