import { checkPrime, generatePrime } from 'node:crypto';
import type { Primes } from '../ports/index.js';

/**
 * Primes by OpenSSL, on libuv's threads. A Blum prime is the first of its kind that comes, since OpenSSL's own search for a remainder
 * leaves the second bit to chance.
 */
export const systemPrimes: Primes = {
  async prime(kind, bits) {
    for (;;) {
      const prime = await generated(bits, kind === 'safe');
      const isOfKind = kind === 'blum' ? prime % 4n === 3n : await isPrime((prime - 1n) / 2n);
      const hasHighBits = prime >> BigInt(bits - 2) === 3n;
      if (isOfKind && hasHighBits) return prime;
    }
  },
};

function generated(bits: number, safe: boolean): Promise<bigint> {
  return new Promise((resolve, reject) => {
    generatePrime(bits, { safe, bigint: true }, (error, prime) => {
      // Node 20 gives undefined where its types say null.
      if (error) reject(error);
      else resolve(prime);
    });
  });
}

function isPrime(candidate: bigint): Promise<boolean> {
  return new Promise((resolve, reject) => {
    checkPrime(candidate, (error, is) => {
      if (error) reject(error);
      else resolve(is);
    });
  });
}
