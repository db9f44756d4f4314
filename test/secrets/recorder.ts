import { SecretBytes, SecretPolynomial } from '../../src/crypto/index.js';
import { SingleUse } from '../../src/keys/single-use.js';

/** Secrets of a run, by what they are, as hex so that each counts once. */
export class Recorder {
  readonly #secrets = new Map<string, Set<string>>();

  /** Bytes that say nothing (short ones, or one value only) would be found everywhere. */
  add(kind: string, bytes: Uint8Array): void {
    if (bytes.length < 16 || new Set(bytes).size < 4) return;
    const known = this.#secrets.get(kind) ?? new Set();
    known.add(Buffer.from(bytes).toString('hex'));
    this.#secrets.set(kind, known);
  }

  addNumber(kind: string, value: bigint): void {
    this.add(kind, Buffer.from(value.toString(16).padStart(64, '0'), 'hex').toReversed());
  }

  all(): { readonly kind: string; readonly bytes: Buffer }[] {
    return [...this.#secrets].flatMap(([kind, known]) =>
      [...known].map((hex) => ({ kind, bytes: Buffer.from(hex, 'hex') })),
    );
  }

  /**
   * Listens where secrets are used in this process, for its whole life: everything that a SecretBytes holds (node, wrapping,
   * sealing and identity keys, key shares, coefficients, X25519 secrets), the values of keygen/value, and nonces.
   */
  listen(): void {
    const record = (kind: string, bytes: Uint8Array) => this.add(kind, bytes);
    const held = Object.getOwnPropertyDescriptor(SecretBytes.prototype, 'bytes');
    Object.defineProperty(SecretBytes.prototype, 'bytes', {
      get(this: SecretBytes) {
        const bytes: unknown = held?.get?.call(this);
        if (bytes instanceof Uint8Array) record('held', bytes);
        return bytes;
      },
    });
    // oxlint-disable-next-line typescript/unbound-method -- it is called with the polynomial
    const { evaluate } = SecretPolynomial.prototype;
    const recordNumber = (kind: string, value: bigint) => this.addNumber(kind, value);
    SecretPolynomial.prototype.evaluate = function (this: SecretPolynomial<unknown>, index) {
      const value = evaluate.call(this, index);
      recordNumber('value', value);
      return value;
    };
    // oxlint-disable-next-line typescript/unbound-method -- it is called with the nonces
    const { add } = SingleUse.prototype;
    SingleUse.prototype.add = function (this: SingleUse, owner, made, madeMs) {
      // Both scalars of a nonce, each as it would be found alone.
      const half = made.secret.length / 2;
      record('nonce', made.secret.subarray(0, half));
      record('nonce', made.secret.subarray(half));
      return add.call(this, owner, made, madeMs);
    };
  }
}
