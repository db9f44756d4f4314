import { assert, ClusterError } from '../common/index.js';
import { SecretBytes } from '../crypto/index.js';
import type { Random } from '../ports/index.js';
import { isWrappedUnder, rewrapSecret, sealSecret, unsealSecret } from './sealed-secret.js';
import type { Secret, SecretPlace, WrappedPlace } from './sealed-secret.js';

const WRAPPING_KEY_BYTES = 32;

/**
 * The keys under which this node seals its secrets: one, and while the node key changes the one before as well. A secret opens
 * under either; what is sealed meanwhile is sealed under the new one.
 */
export class WrappingKeys {
  readonly #random: Random;
  #current: SecretBytes;
  #next: SecretBytes | undefined;
  #closed = false;

  /** @param current - 32 bytes. A copy is kept, and wiped in the end. */
  constructor(current: Uint8Array, random: Random) {
    this.#random = random;
    this.#current = copyOf(current);
  }

  /** From now on secrets are sealed under `next`, 32 bytes, of which a copy is kept. */
  begin(next: Uint8Array): void {
    this.#requireOpen();
    this.#next?.[Symbol.dispose]();
    this.#next = copyOf(next);
  }

  /** Forgets the key before. */
  finish(): void {
    if (this.#next === undefined) return;
    this.#current[Symbol.dispose]();
    this.#current = this.#next;
    this.#next = undefined;
  }

  seal(place: SecretPlace, secret: Secret, record: Uint8Array): Uint8Array {
    return sealSecret(place, secret, record, this.#newest(), this.#random);
  }

  /** As {@link unsealSecret}. */
  unseal(place: SecretPlace, bytes: Uint8Array): Secret | undefined {
    const opened = unsealSecret(place, bytes, this.#newest());
    if (opened !== undefined || this.#next === undefined) return opened;
    return unsealSecret(place, bytes, this.#current.bytes);
  }

  /**
   * The same secret under the new key: `'wrapped'` where it is so already, `undefined` where it opens under neither, and for
   * bytes that are no sealed secret.
   */
  rewrap(place: WrappedPlace, bytes: Uint8Array): Uint8Array | 'wrapped' | undefined {
    const newest = this.#newest();
    if (isWrappedUnder(place, bytes, newest)) return 'wrapped';
    return rewrapSecret(place, bytes, this.#current.bytes, newest, this.#random);
  }

  close(): void {
    this.#closed = true;
    this.#current[Symbol.dispose]();
    this.#next?.[Symbol.dispose]();
  }

  toJSON(): never {
    throw new TypeError('keys do not become JSON');
  }

  #newest(): Uint8Array {
    this.#requireOpen();
    return (this.#next ?? this.#current).bytes;
  }

  #requireOpen(): void {
    if (this.#closed) throw new ClusterError('cancelled', 'The keys of this node are closed');
  }
}

function copyOf(key: Uint8Array): SecretBytes {
  assert(key.length === WRAPPING_KEY_BYTES, 'a wrapping key is 32 bytes');
  return new SecretBytes(Uint8Array.from(key));
}
