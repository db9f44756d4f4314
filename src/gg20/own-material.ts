import { assert } from '../common/index.js';
import { bitLength, isPrime, PaillierSecretKey, RingPedersenTrapdoor } from '../crypto/index.js';
import type { Random } from '../ports/index.js';
import type { Profile } from './profile.js';

/** One member's secrets in a generation of its set's auxiliary material (C.1). */
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
