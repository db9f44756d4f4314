import { Gg20Tables, parameterSet, PROFILES } from '../../../src/gg20/index.js';
import { BUILD_LEVEL } from '../../../src/identity/index.js';
import type { PrimeKind, Primes } from '../../../src/ports/index.js';
import { METHODS } from '../../../src/state/index.js';
import { Algorithm, Gg20Profile } from '../../../src/wire/index.js';
import type { GenerateKeyRequest } from '../../../src/wire/index.js';
import { LATER_TEST_PRIMES, TEST_PRIMES } from '../../vectors/gg20-primes.js';
import { CURVES } from './gg20.js';
import { generateRequest } from './ledger.js';
import type { AppliedEntry, Ledger } from './ledger.js';

/**
 * The tables of a node whose P2048 has 8 repetitions of the proofs of moduli in place of 128: everything else is as in production,
 * and no configuration comes to it.
 */
export function quickTables(): Gg20Tables {
  const profile = { ...PROFILES.P2048, repetitions: 8 };
  return new Gg20Tables(Object.values(CURVES).map((curve) => parameterSet(curve, profile)));
}

/**
 * Primes of 1024 bits that are there at once for the first generation of one of three nodes; no others are ever found.
 *
 * @param generations - 2 for those of another generation, too.
 */
export function readyPrimes(index: number, generations: 1 | 2 = 1): Primes {
  const all = [TEST_PRIMES.P2048, LATER_TEST_PRIMES].slice(0, generations);
  const own = all.flatMap((each) => each[index - 1] ?? []);
  const left: Record<PrimeKind, bigint[]> = {
    blum: own.flatMap(({ paillier }) => paillier),
    safe: own.flatMap(({ ringPedersen }) => ringPedersen),
  };
  return {
    prime: (kind, bits) => {
      const next = bits === 1024 ? left[kind].shift() : undefined;
      return next === undefined ? new Promise(() => undefined) : Promise.resolve(next);
    },
  };
}

/** Opens the generation of a GG20 key of all nodes with P2048. */
export function askForGg20Key(
  ledger: Ledger,
  keyId: string,
  more: Partial<GenerateKeyRequest> = {},
): AppliedEntry {
  const request = generateRequest(keyId, {
    algorithm: Algorithm.GG20_SECP256K1,
    gg20Profile: Gg20Profile.P2048,
    ...more,
  });
  const value = ledger.request(METHODS.generateKey, request);
  return ledger.command({ $case: 'request', value }, BUILD_LEVEL);
}
