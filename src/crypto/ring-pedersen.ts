import { assert } from '../common/index.js';
import type { Random } from '../ports/index.js';
import { Crt, powerModuloPrimes } from './modular/crt.js';
import { areUnits } from './modular/integers.js';
import { Modulus } from './modular/modulus.js';
import { randomBelow, randomUnit } from './modular/sampling.js';
import { modulo } from './scalar.js';

/**
 * Commitments to whole numbers modulo Nh, of unknown order to who makes them: Com(m; r) = s^m·t^r mod Nh (Fujisaki and
 * Okamoto 1997). They hide m if s is a power of t, and bind if the committer does not know Nh's primes.
 */
export class RingPedersen {
  readonly Nh: bigint;
  readonly s: bigint;
  readonly t: bigint;
  readonly mod: Modulus;

  /** @throws Bug for an Nh that no power can be computed for. */
  constructor(Nh: bigint, s: bigint, t: bigint) {
    this.Nh = Nh;
    this.s = s;
    this.t = t;
    this.mod = new Modulus(Nh);
  }

  /** s^m·t^r mod Nh. */
  commit(m: bigint, r: bigint): bigint {
    return this.mod.multiply(this.mod.power(this.s, m), this.mod.power(this.t, r));
  }

  /** base^exponent mod Nh. */
  power(base: bigint, exponent: bigint): bigint {
    return this.mod.power(base, exponent);
  }

  /** Claims that every value is a unit modulo Nh. */
  areUnits(values: readonly bigint[]): boolean {
    return areUnits(values, this.Nh);
  }
}

/** Of lambda, so that the division by p − 1 has other operands every time. */
const BLINDING = 1n << 128n;

/**
 * The same, with Nh's primes and s = t^lambda: what its owner verifies with. Exponents are public here, since they come from
 * a peer; for making commitments to secrets to oneself there is no use.
 */
export class RingPedersenTrapdoor extends RingPedersen {
  #primes: Crt | undefined;
  readonly #lambda: bigint;
  readonly #random: Random;

  private constructor(primes: Crt, t: bigint, lambda: bigint, random: Random) {
    super(primes.product, powerModuloPrimes(primes, t, lambda), t);
    this.#primes = primes;
    this.#lambda = lambda;
    this.#random = random;
  }

  /**
   * @param p - Prime, like q ≠ p. Both are safe primes.
   * @param random - Blinds lambda.
   */
  static of(p: bigint, q: bigint, t: bigint, lambda: bigint, random: Random): RingPedersenTrapdoor {
    return new RingPedersenTrapdoor(new Crt(new Modulus(p), new Modulus(q)), t, lambda, random);
  }

  /** Fresh t and lambda for two safe primes: t = tau² for a random unit tau, s = t^lambda. */
  static make(p: bigint, q: bigint, random: Random): RingPedersenTrapdoor {
    const Nh = p * q;
    for (;;) {
      const t = randomUnit(Nh, random) ** 2n % Nh;
      const lambda = randomBelow((p - 1n) * (q - 1n), random);
      const made = RingPedersenTrapdoor.of(p, q, t, lambda, random);
      if (![made.s, made.t].some((each) => each <= 1n || each === Nh - 1n) && made.s !== made.t) {
        return made;
      }
    }
  }

  /** Nh's primes, for the proof of what s and t are. */
  get primes(): Crt {
    assert(this.#primes !== undefined, 'a trapdoor is used after its end');
    return this.#primes;
  }

  get lambda(): bigint {
    return this.#lambda;
  }

  get phi(): bigint {
    const { first, second } = this.primes;
    return (first.value - 1n) * (second.value - 1n);
  }

  /** t^(lambda·m + r). */
  override commit(m: bigint, r: bigint): bigint {
    const [a, b] = [this.primes.first, this.primes.second].map((prime) => {
      const order = prime.value - 1n;
      const lambda = this.#lambda + randomBelow(BLINDING, this.#random) * order;
      return prime.power(this.t, modulo(lambda * m + r, order));
    });
    return this.primes.combine(a ?? 0n, b ?? 0n);
  }

  override power(base: bigint, exponent: bigint): bigint {
    return powerModuloPrimes(this.primes, base, exponent);
  }

  [Symbol.dispose](): void {
    this.#primes = undefined;
  }
}
