import { decodeBigEndian } from '../../../src/crypto/index.js';
import type { Clock, PrimeKind, Primes } from '../../../src/ports/index.js';
import { BLUM_PRIMES, SAFE_PRIMES } from '../../vectors/simulated-primes.js';
import type { Rng } from '../rng.js';

/** Of the largest cluster. The moduli of one session may have no prime in common. */
const NODES_MAX = 5;
const BITS = 512;
const TABLES: Readonly<Record<PrimeKind, readonly bigint[]>> = {
  blum: BLUM_PRIMES.map(decoded),
  safe: SAFE_PRIMES.map(decoded),
};

function decoded(text: string): bigint {
  return decodeBigEndian(Buffer.from(text, 'base64url'));
}

/** All pairs of a node's own primes, each of which makes another modulus. */
function pairsOf(primes: readonly bigint[], node: number): readonly (readonly [bigint, bigint])[] {
  const own = primes.filter((_, at) => at % NODES_MAX === node - 1);
  return own.flatMap((p, at) => own.slice(at + 1).map((q) => [p, q] as const));
}

/**
 * A node's primes over all its lives. Real ones would make each run another one, and take longer than all else. They come in pairs:
 * no two of a node are the same, so no modulus comes twice, and a life that ends with half of one leaves the rest.
 */
export class PrimesOfNode {
  readonly #pairs: Readonly<Record<PrimeKind, readonly (readonly [bigint, bigint])[]>>;
  readonly #begun: Record<PrimeKind, number> = { blum: 0, safe: 0 };

  /** @param node - Its number, from 1. */
  constructor(node: number) {
    this.#pairs = { blum: pairsOf(TABLES.blum, node), safe: pairsOf(TABLES.safe, node) };
  }

  /** The port of one life: a prime takes a while, by the node's own clock. */
  port(clock: Clock, rng: Rng, meanMs: number): Primes {
    const halves: Record<PrimeKind, bigint[]> = { blum: [], safe: [] };
    return {
      prime: (kind, bits) => {
        const half = halves[kind];
        if (half.length === 0) half.push(...(this.#pairs[kind][this.#begun[kind]++] ?? []));
        const prime = half.shift();
        if (prime === undefined || bits !== BITS) {
          return Promise.reject(new Error(`there is no other ${kind} prime of ${bits} bits`));
        }
        return new Promise((resolve) => {
          clock.after(rng.exponential(meanMs), () => resolve(prime));
        });
      },
    };
  }
}
