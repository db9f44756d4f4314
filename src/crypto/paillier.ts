import { assert } from '../common/index.js';
import { Crt, powerModuloPrimes } from './modular/crt.js';
import { gcd } from './modular/integers.js';
import { Modulus } from './modular/modulus.js';
import { inverse, modulo } from './scalar.js';

/**
 * A public key of Paillier's encryption (Paillier 1999), with g = 1 + N: Enc(m; r) = (1 + m·N)·r^N mod N². That N is what it
 * should be is proved elsewhere.
 */
export class PaillierPublicKey {
  readonly N: bigint;
  readonly modN: Modulus;
  readonly modNN: Modulus;

  /** @throws Bug for an N that no power can be computed for: even, or too short or too long. */
  constructor(N: bigint) {
    this.N = N;
    this.modN = new Modulus(N);
    this.modNN = new Modulus(N * N);
  }

  /** base^exponent mod N², where the base is a unit. */
  power(base: bigint, exponent: bigint): bigint {
    return this.modNN.power(base, exponent);
  }

  /** r^N mod N². */
  nthPower(r: bigint): bigint {
    return this.modNN.power(r, this.N);
  }

  /** (1 + N)^m mod N², of any whole m. */
  onePlusN(m: bigint): bigint {
    return 1n + modulo(m, this.N) * this.N;
  }

  /**
   * Enc(m; r). A holder of the secret key computes it modulo each prime: before such a ciphertext is shown, an equation that
   * contains it is checked, since a fault in one half would show the primes (Boneh, DeMillo and Lipton 1997).
   *
   * @param m - Any whole number; its residue modulo N is encrypted.
   * @param r - A unit modulo N.
   */
  encrypt(m: bigint, r: bigint): bigint {
    return this.modNN.multiply(this.onePlusN(m), this.nthPower(r));
  }

  /** Claims that c is a unit modulo N². What is none hides nothing. */
  isCiphertext(c: bigint): boolean {
    return c > 0n && c < this.modNN.value && gcd(c, this.N) === 1n;
  }
}

/**
 * Paillier's key with its primes. Powers modulo N² are computed modulo p² and q². What it computes is the same as that of the
 * public key, so it stands wherever a public key does. It keeps its primes to itself, and refuses its work after its end.
 */
export class PaillierSecretKey extends PaillierPublicKey {
  #primes: Crt | undefined;
  #squares: Crt | undefined;
  /** L_p((1 + N)^(p−1) mod p²)^−1 mod p, and the same of q. */
  readonly #h: readonly [bigint, bigint];

  /** @param p - Prime, like q ≠ p, with gcd(p·q, (p−1)·(q−1)) = 1. */
  constructor(p: bigint, q: bigint) {
    super(p * q);
    assert(gcd(this.N, (p - 1n) * (q - 1n)) === 1n, 'N has no factor in common with phi(N)');
    this.#primes = new Crt(new Modulus(p), new Modulus(q));
    this.#squares = new Crt(new Modulus(p * p), new Modulus(q * q));
    // (1 + N)^(p−1) = 1 + (p−1)·N mod p², and L of that is (p−1)·q mod p = −q mod p.
    const { first, second } = this.#primes;
    this.#h = [first.inverse(-q), second.inverse(-p)];
  }

  /** p and q, for proofs of what N is. */
  get primes(): Crt {
    assert(this.#primes !== undefined, 'a secret key is used after its end');
    return this.#primes;
  }

  get phi(): bigint {
    const { first, second } = this.primes;
    return (first.value - 1n) * (second.value - 1n);
  }

  override power(base: bigint, exponent: bigint): bigint {
    return this.#modSquares.power(base, exponent);
  }

  /** x^N = (x^q)^p modulo p², and y^p modulo p² depends on y modulo p alone. The same of q. */
  override nthPower(r: bigint): bigint {
    const { first: p, second: q } = this.primes;
    const { first: pp, second: qq } = this.#modSquares;
    const modPP = pp.power(p.power(r, q.value), p.value);
    const modQQ = qq.power(q.power(r, p.value), q.value);
    return this.#modSquares.combine(modPP, modQQ);
  }

  /**
   * The plaintext of c as the whole number of least absolute value, in (−N/2, N/2): a negative number comes back as such, and
   * not as N less something.
   *
   * @param c - A ciphertext, see {@link isCiphertext}.
   */
  decryptSigned(c: bigint): bigint {
    assert(this.isCiphertext(c), 'what is decrypted is a ciphertext');
    const { first: p, second: q } = this.primes;
    const { first: pp, second: qq } = this.#modSquares;
    const half = (prime: Modulus, square: Modulus, h: bigint): bigint =>
      prime.multiply((square.power(c, prime.value - 1n) - 1n) / prime.value, h);
    const m = this.primes.combine(half(p, pp, this.#h[0]), half(q, qq, this.#h[1]));
    return m > this.N / 2n ? m - this.N : m;
  }

  /** The r of c = Enc(m; r): r = (c·(1 − m·N))^(N^−1 mod phi) mod N. */
  nonceOf(c: bigint, m: bigint): bigint {
    const power = modulo(c * (1n - modulo(m, this.N) * this.N), this.modNN.value);
    return this.root(modulo(power, this.N));
  }

  /** The N-th root of a unit modulo N: there is one, as N has no factor in common with phi(N). */
  root(value: bigint): bigint {
    const exponent = inverse(this.N, this.phi);
    return powerModuloPrimes(this.primes, value, exponent);
  }

  [Symbol.dispose](): void {
    this.#primes = undefined;
    this.#squares = undefined;
  }

  get #modSquares(): Crt {
    assert(this.#squares !== undefined, 'a secret key is used after its end');
    return this.#squares;
  }
}
