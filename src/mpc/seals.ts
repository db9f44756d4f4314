import { assert, type PartyIndex } from '../common/index.js';
import {
  aesGcmOpen,
  aesGcmSeal,
  hkdfSha256,
  SecretBytes,
  x25519Pair,
  x25519Shared,
  type X25519Pair,
} from '../crypto/index.js';
import type { Random } from '../ports/index.js';
import { textItem, transcript, u16Item } from '../wire/index.js';

const KEY_BYTES = 32;

/** Each key seals one plaintext, so the nonce need not change. */
const NONCE = new Uint8Array(12);

/**
 * The keys between this participant and each other one: X25519 of key pairs that live as long as the session, and from
 * that one key for each kind of message and direction.
 */
export class Seals {
  readonly #sessionId: Uint8Array;
  readonly #index: PartyIndex;
  readonly #kinds: readonly string[];
  readonly #pair: X25519Pair;
  readonly #known = new Set<PartyIndex>();
  /** By kind, sender and receiver. */
  readonly #keys = new Map<string, SecretBytes>();

  /** @param kinds - Every kind with private messages. */
  constructor(sessionId: Uint8Array, index: PartyIndex, kinds: readonly string[], random: Random) {
    this.#sessionId = sessionId;
    this.#index = index;
    this.#kinds = kinds;
    this.#pair = x25519Pair(random);
  }

  get publicKey(): Uint8Array {
    return this.#pair.publicKey;
  }

  has(peer: PartyIndex): boolean {
    return this.#known.has(peer);
  }

  /** Takes a peer's key; `false` when no secret can be shared with it (`x25519Shared`). */
  agree(peer: PartyIndex, publicKey: Uint8Array): boolean {
    using shared = x25519Shared(this.#pair.secret, publicKey);
    if (shared === undefined) return false;
    this.#known.add(peer);
    for (const kind of this.#kinds) {
      this.#derive(shared, kind, this.#index, peer);
      this.#derive(shared, kind, peer, this.#index);
    }
    return true;
  }

  /** Ciphertext ‖ tag for `to` alone. The key goes with it: a second plaintext under the same key and nonce cannot be. */
  seal(kind: string, to: PartyIndex, plain: Uint8Array): Uint8Array {
    const name = nameOf(kind, this.#index, to);
    const key = this.#keys.get(name);
    assert(key !== undefined, `${kind} is sealed once for each receiver, after its key has come`);
    this.#keys.delete(name);
    using once = key;
    return aesGcmSeal(once.bytes, NONCE, this.#sessionId, plain);
  }

  open(kind: string, from: PartyIndex, sealed: Uint8Array): Uint8Array | undefined {
    const key = this.#keys.get(nameOf(kind, from, this.#index));
    return key && aesGcmOpen(key.bytes, NONCE, this.#sessionId, sealed);
  }

  [Symbol.dispose](): void {
    this.#pair.secret[Symbol.dispose]();
    for (const key of this.#keys.values()) key[Symbol.dispose]();
    this.#keys.clear();
  }

  #derive(shared: SecretBytes, kind: string, from: PartyIndex, to: PartyIndex): void {
    const purpose = transcript('seal', [textItem(kind), u16Item(from), u16Item(to)]);
    const key = hkdfSha256(shared.bytes, this.#sessionId, purpose, KEY_BYTES);
    this.#keys.set(nameOf(kind, from, to), new SecretBytes(key));
  }
}

function nameOf(kind: string, from: PartyIndex, to: PartyIndex): string {
  return `${kind} ${from} ${to}`;
}
