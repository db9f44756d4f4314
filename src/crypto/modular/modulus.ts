import { createDiffieHellman, type DiffieHellman } from 'node:crypto';
import { assert, codeOf, concat, utf8 } from '../../common/index.js';
import { shake256 } from '../hash.js';
import { decodeBigEndian, encodeBigEndian, inverse, modulo } from '../scalar.js';
import { wipe } from '../secret.js';
import { bitLength, byteLength } from './integers.js';

/** Below this OpenSSL 3 answers with zeros and no error. */
const MODULUS_BITS_MIN = 512;
/** Above this OpenSSL refuses. */
const MODULUS_BITS_MAX = 10_000;

/** Overwrites the exponent of the last power. */
const NO_SECRET = Uint8Array.of(2);

/** How a power is computed. Where it is not OpenSSL, a test computes something else. */
export type PowerSource = (modulus: Uint8Array) => {
  setPrivateKey(exponent: Uint8Array): void;
  computeSecret(base: Uint8Array): Uint8Array;
};

/**
 * An odd modulus of 512 to 10000 bits, with OpenSSL's constant-time exponentiation: a Diffie–Hellman object whose "prime" is
 * the modulus, whose private key is the exponent and whose peer's key is the base. Montgomery form is set up once and kept.
 *
 * Time depends on the length of the exponent in words of 64 bits, and on nothing else of it. There is no other path: what
 * OpenSSL does not compute is an error. Numbers themselves are bigints, whose handling is not constant time.
 */
export class Modulus {
  readonly value: bigint;
  readonly bits: number;
  readonly byteLength: number;
  readonly #source: PowerSource;
  #diffieHellman: ReturnType<PowerSource> | undefined;

  /** @throws Bug for a modulus that is even, below 512 bits or above 10000. */
  constructor(value: bigint, source: PowerSource = openssl) {
    this.value = value;
    this.bits = bitLength(value);
    this.byteLength = byteLength(value);
    assert((value & 1n) === 1n, 'a modulus is odd');
    assert(this.bits >= MODULUS_BITS_MIN, `a modulus has at least ${MODULUS_BITS_MIN} bits`);
    assert(this.bits <= MODULUS_BITS_MAX, `a modulus has at most ${MODULUS_BITS_MAX} bits`);
    this.#source = source;
  }

  /**
   * base^exponent. A negative exponent takes the power of the base's inverse, which is found in a time that depends on the base:
   * bases of negative exponents are public.
   *
   * @throws RangeError when the exponent is negative and the base no unit.
   * @throws Error when OpenSSL refuses a power and its blinded form. Then the exponent is a multiple of half the order of
   *   the group, or the base is no unit: no caller asks for either.
   */
  power(base: bigint, exponent: bigint): bigint {
    if (exponent < 0n) return this.power(inverse(base, this.value), -exponent);
    if (exponent === 0n) return 1n;
    const reduced = modulo(base, this.value);
    if (reduced <= 1n) return reduced;
    if (reduced === this.value - 1n) return (exponent & 1n) === 0n ? 1n : reduced;
    return this.#computed(reduced, exponent) ?? this.#blinded(reduced, exponent);
  }

  /** a·b mod m. */
  multiply(a: bigint, b: bigint): bigint {
    return modulo(a * b, this.value);
  }

  /** 1/a mod m, in a time that depends on a. @throws RangeError when a is no unit. */
  inverse(a: bigint): bigint {
    return inverse(a, this.value);
  }

  /** Nothing when OpenSSL refuses the result: 0, 1 and m − 1 (SP 800-56A's check of a shared secret). */
  #computed(base: bigint, exponent: bigint): bigint | undefined {
    this.#diffieHellman ??= this.#source(encodeBigEndian(this.value, this.byteLength));
    const secret = encodeBigEndian(exponent, byteLength(exponent));
    const other = encodeBigEndian(base, this.byteLength);
    try {
      this.#diffieHellman.setPrivateKey(secret);
      const result = this.#diffieHellman.computeSecret(other);
      const value = decodeBigEndian(result);
      wipe(result);
      assert(value !== 0n, 'a power is never zero');
      return value;
    } catch (error) {
      if (isRefusal(error)) return undefined;
      throw error;
    } finally {
      wipe(secret, other);
      // OpenSSL clears the key that it replaces.
      this.#diffieHellman.setPrivateKey(NO_SECRET);
    }
  }

  /** (base·g)^exponent · (g^exponent)^−1: the same power, where the power itself is 1 or m − 1. */
  #blinded(base: bigint, exponent: bigint): bigint {
    const g = this.#blind(base, exponent);
    const product = this.#computed(this.multiply(base, g), exponent);
    const factor = this.#computed(g, exponent);
    if (product === undefined || factor === undefined) {
      throw new Error('OpenSSL refuses this power');
    }
    return this.multiply(product, this.inverse(factor));
  }

  /** A number that is known to none who does not know the exponent. */
  #blind(base: bigint, exponent: bigint): bigint {
    const seed = concat(
      utf8('quorate/blind'),
      encodeBigEndian(base, this.byteLength),
      encodeBigEndian(exponent, byteLength(exponent)),
    );
    const g = decodeBigEndian(shake256(seed, this.byteLength + 16));
    wipe(seed);
    return 2n + (g % (this.value - 3n));
  }
}

function openssl(modulus: Uint8Array): DiffieHellman {
  return createDiffieHellman(modulus, 2);
}

/** The check of a result comes as an error of node:crypto or of OpenSSL itself. */
function isRefusal(error: unknown): boolean {
  return /^ERR_(CRYPTO|OSSL)_/.test(codeOf(error));
}
