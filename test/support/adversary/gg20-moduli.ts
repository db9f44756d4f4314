import { inverse, isPrime, jacobi, modulo, PaillierPublicKey } from '../../../src/crypto/index.js';
import type { ModProof, ParameterSet, ProofContext } from '../../../src/gg20/index.js';
import { modTargets } from '../../../src/gg20/zk/mod.js';

/** Square and multiply: for moduli that the wrapper of OpenSSL refuses. */
export function plainPower(base: bigint, exponent: bigint, m: bigint): bigint {
  let [result, square, rest] = [1n, modulo(base, m), exponent];
  while (rest > 0n) {
    if ((rest & 1n) === 1n) result = (result * square) % m;
    square = (square * square) % m;
    rest >>= 1n;
  }
  return result;
}

/** The first prime from `start` on that is 3 modulo 4. */
export function primeFrom(start: bigint): bigint {
  let prime = start - (start % 4n) + 3n;
  while (!isPrime(prime)) prime += 4n;
  return prime;
}

/** Prime factors of a number without squares, and roots modulo it. All are 3 modulo 4. */
export class Squarefree {
  readonly primes: readonly bigint[];
  readonly product: bigint;

  constructor(...primes: readonly bigint[]) {
    this.primes = primes;
    this.product = primes.reduce((product, prime) => product * prime, 1n);
  }

  /** The number with these remainders. */
  combine(remainders: readonly bigint[]): bigint {
    return this.primes.reduce((sum, prime, at) => {
      const rest = this.product / prime;
      return modulo(sum + (remainders[at] ?? 0n) * rest * inverse(rest, prime), this.product);
    }, 0n);
  }

  isSquare(value: bigint): boolean {
    return this.primes.every((prime) => value % prime === 0n || jacobi(value, prime) === 1);
  }

  fourthRoot(value: bigint): bigint {
    return this.combine(
      this.primes.map((prime) =>
        plainPower(value, ((prime + 1n) / 4n) ** 2n % (prime - 1n), prime),
      ),
    );
  }

  root(value: bigint): bigint {
    return this.combine(
      this.primes.map((prime) =>
        plainPower(value, prime === 3n ? 1n : inverse(this.product, prime - 1n), prime),
      ),
    );
  }
}

/**
 * A prover of Pi_mod that takes any w, and any N that it knows the factors of. Where no y·(−1)^a·w^b has a root, x is 1.
 *
 * @returns The proof, and whether every y had a root: it holds for that w then, if no check stands against N or w themselves.
 */
export function forgedMod(
  set: ParameterSet,
  context: ProofContext,
  factors: Squarefree,
  w: bigint,
): { readonly proof: ModProof; readonly isWhole: boolean } {
  const statement = { key: new PaillierPublicKey(factors.product) };
  const ys = modTargets(set, context, statement, w);
  const [a, b] = [new Uint8Array(ys.length / 8), new Uint8Array(ys.length / 8)];
  let isWhole = true;
  const x = ys.map((y, j) => {
    const options = [0, 1, 2, 3].map((bits) => {
      const factor = (bits & 2) === 0 ? y : y * w;
      return modulo((bits & 1) === 0 ? factor : -factor, factors.product);
    });
    const found = options.findIndex((option) => factors.isSquare(option));
    if (found < 0) {
      isWhole = false;
      return 1n;
    }
    a[j >> 3] = (a[j >> 3] ?? 0) | ((found & 1) << (j & 7));
    b[j >> 3] = (b[j >> 3] ?? 0) | ((found >> 1) << (j & 7));
    return factors.fourthRoot(options[found] ?? 0n);
  });
  const z = ys.map((y) => factors.root(y));
  return { proof: { w, x, z, a, b }, isWhole };
}
