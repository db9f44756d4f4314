/** The kinds of secret primes that GG20's moduli are made of: 3 modulo 4, or safe (p = 2p' + 1 with p' prime). */
export type PrimeKind = 'blum' | 'safe';

/** A source of fresh secret primes. One takes milliseconds to seconds, beside everything else. */
export interface Primes {
  /** A prime of exactly so many bits, the two highest of them 1, so that a product of two has twice as many. */
  prime(kind: PrimeKind, bits: number): Promise<bigint>;
}
