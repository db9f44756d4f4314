import { timingSafeEqual } from 'node:crypto';
import { assert } from '../common/index.js';

/** Overwrites with zeros. Best effort: it reaches these arrays, not copies, and not the bigints made of them. */
export function wipe(...arrays: readonly Uint8Array[]): void {
  for (const array of arrays) array.fill(0);
}

/** Same length and bytes, in a time that depends on the length alone: for secrets and proofs of their knowledge. */
export function equalSecrets(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}

const REDACTED = '[redacted]';

/**
 * Secret bytes with an owner and an end: take them with `using`. Printed they are `[redacted]`, and they refuse to become
 * JSON, so that no log line and no record carries them by accident.
 */
export class SecretBytes {
  readonly #bytes: Uint8Array;
  #wiped = false;

  /** Takes ownership: no other holder keeps or wipes `bytes`. */
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** The bytes themselves, not a copy; never after the end. */
  get bytes(): Uint8Array {
    assert(!this.#wiped, 'a secret is used after it was wiped');
    return this.#bytes;
  }

  [Symbol.dispose](): void {
    wipe(this.#bytes);
    this.#wiped = true;
  }

  toString(): string {
    return REDACTED;
  }

  toJSON(): never {
    throw new TypeError('a secret does not become JSON');
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return REDACTED;
  }
}
