import { bitLength, hasSmallFactor, isPerfectPower, isPrime } from '../crypto/index.js';
import type { Profile } from './profile.js';
import type { Check } from './zk/check.js';

/**
 * What is looked at before any proof of a modulus, N or Nh: quick, and none of it is a proof. What is too long is refused
 * like what is too short.
 */
export function modulusChecks({ modulusBits }: Profile, N: bigint): readonly Check[] {
  return [
    { name: 'the modulus has its length', holds: () => bitLength(N) === modulusBits },
    { name: 'the modulus is odd', holds: () => (N & 1n) === 1n },
    { name: 'the modulus has no small factor', holds: () => !hasSmallFactor(N) },
    { name: 'the modulus is no power', holds: () => !isPerfectPower(N) },
    { name: 'the modulus is not prime', holds: () => !isPrime(N) },
  ];
}
