import { assert } from '../common/index.js';
import {
  bitLength,
  gcd,
  isPrime,
  isUnit,
  PaillierSecretKey,
  RingPedersenTrapdoor,
  wipe,
} from '../crypto/index.js';
import type { Random } from '../ports/index.js';
import type { Profile } from './profile.js';
import { numberLayout, recordLayout, type Layout } from './zk/layout.js';

/** One member's secrets in a generation of its set's auxiliary material. */
export type OwnMaterial = {
  readonly key: PaillierSecretKey;
  readonly trapdoor: RingPedersenTrapdoor;
};

/** Primes that no other generation and no other modulus uses. */
export type MaterialPrimes = {
  /** 3 modulo 4. */
  readonly paillier: readonly [bigint, bigint];
  /** Safe. */
  readonly ringPedersen: readonly [bigint, bigint];
};

/** Primes that lie closer are found from their product (Fermat). */
const DISTANCE_BITS_LESS = 100;

/** Claims that a profile's modulus can be made of two primes: their product's length, and their distance. */
export function isFitPair({ modulusBits }: Profile, [p, q]: readonly [bigint, bigint]): boolean {
  const half = modulusBits / 2;
  const distance = p > q ? p - q : q - p;
  const isFar = distance >= 1n << BigInt(half - DISTANCE_BITS_LESS);
  return (
    isFar && [p, q].every((each) => bitLength(each) === half) && bitLength(p * q) === modulusBits
  );
}

/**
 * A Paillier key and Ring-Pedersen bases of fresh primes.
 *
 * @throws Bug for primes that do not fit: they come from this node's own source.
 */
export function ownMaterial(
  profile: Profile,
  { paillier, ringPedersen }: MaterialPrimes,
  random: Random,
): OwnMaterial {
  assert(isFitPair(profile, paillier) && isFitPair(profile, ringPedersen), 'the primes fit');
  assert(
    paillier.every((prime) => prime % 4n === 3n && isPrime(prime)),
    'Paillier’s primes are Blum primes',
  );
  assert(
    ringPedersen.every((prime) => isPrime(prime) && isPrime((prime - 1n) / 2n)),
    'Ring-Pedersen’s primes are safe primes',
  );
  const key = new PaillierSecretKey(...paillier);
  const trapdoor = RingPedersenTrapdoor.make(...ringPedersen, random);
  return { key, trapdoor };
}

type MaterialNumbers = Record<'p' | 'q' | 'P' | 'Q' | 't' | 'lambda', bigint>;

/** The first byte of material as it is sealed and given to jobs. */
const FORMAT = 1;

/** The primes of N and of Nh, t and lambda: 4·L8 bytes. */
function materialLayout({ modulusBits }: Profile): Layout<MaterialNumbers> {
  const modulus = numberLayout(modulusBits / 8);
  const prime = numberLayout(modulusBits / 16);
  return recordLayout<MaterialNumbers>({
    p: prime,
    q: prime,
    P: prime,
    Q: prime,
    t: modulus,
    lambda: modulus,
  });
}

/** 1 + 4·L8 secret bytes, the first of them 01 for this format. Their holder wipes them. */
export function encodeMaterial(profile: Profile, { key, trapdoor }: OwnMaterial): Uint8Array {
  const [p, q] = [key.primes.first.value, key.primes.second.value];
  const [P, Q] = [trapdoor.primes.first.value, trapdoor.primes.second.value];
  const { t, lambda } = trapdoor;
  const numbers = materialLayout(profile).encode({ p, q, P, Q, t, lambda });
  const bytes = new Uint8Array(1 + numbers.length);
  bytes[0] = FORMAT;
  bytes.set(numbers, 1);
  wipe(numbers);
  return bytes;
}

/**
 * The material that {@link encodeMaterial} spelled; nothing for bytes of another format, length or profile, or for numbers that are no
 * material. That the primes are primes is not asked again: the bytes are this node's own, under its seal.
 *
 * @param random - Blinds lambda.
 */
export function decodeMaterial(
  profile: Profile,
  bytes: Uint8Array,
  random: Random,
): OwnMaterial | undefined {
  const numbers =
    bytes[0] === FORMAT ? materialLayout(profile).decode(bytes.subarray(1)) : undefined;
  if (numbers === undefined) return undefined;
  const { p, q, P, Q, t, lambda } = numbers;
  const isPair = [[p, q] as const, [P, Q] as const].every((pair) => {
    return isFitPair(profile, pair) && pair.every((prime) => (prime & 1n) === 1n);
  });
  if (!isPair || gcd(p * q, (p - 1n) * (q - 1n)) !== 1n || gcd(P, Q) !== 1n) return undefined;
  if (!isUnit(t, P * Q) || lambda === 0n || lambda >= (P - 1n) * (Q - 1n)) return undefined;
  const key = new PaillierSecretKey(p, q);
  return { key, trapdoor: RingPedersenTrapdoor.of(P, Q, t, lambda, random) };
}
