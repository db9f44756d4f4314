import { checkPrimeSync } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { systemPrimes } from '../../../src/machine/index.js';

test('Blum primes are 3 modulo 4, and products of two have all their bits', async () => {
  const primes = await Promise.all(
    Array.from({ length: 8 }, () => systemPrimes.prime('blum', 512)),
  );
  expect(new Set(primes).size).toBe(8);
  for (const prime of primes) {
    expect(checkPrimeSync(prime)).toBe(true);
    expect(prime % 4n).toBe(3n);
    expect(prime >> 510n).toBe(3n);
  }
});

test('of a safe prime, the half is prime too', async () => {
  const prime = await systemPrimes.prime('safe', 256);
  expect(checkPrimeSync(prime)).toBe(true);
  expect(checkPrimeSync((prime - 1n) / 2n)).toBe(true);
  expect(prime >> 254n).toBe(3n);
});
