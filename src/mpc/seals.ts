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
import { transcript, u16Item } from '../wire/index.js';

const KEY_BYTES = 32;

/** One key seals one plaintext, so the nonce need not change. */
const NONCE = new Uint8Array(12);

/** The keys between this participant and each other one: X25519 of keys made for this session only, one key each way. */
export class Seals {
  readonly #sessionId: Uint8Array;
  readonly #index: PartyIndex;
  readonly #pair: X25519Pair;
  readonly #keys = new Map<PartyIndex, { readonly to: SecretBytes; readonly from: SecretBytes }>();

  constructor(sessionId: Uint8Array, index: PartyIndex, random: Random) {
    this.#sessionId = sessionId;
    this.#index = index;
    this.#pair = x25519Pair(random);
  }

  get publicKey(): Uint8Array {
    return this.#pair.publicKey;
  }

  has(peer: PartyIndex): boolean {
    return this.#keys.has(peer);
  }

  /** Takes a peer's key; `false` when no secret can be shared with it (`x25519Shared`). */
  agree(peer: PartyIndex, publicKey: Uint8Array): boolean {
    using shared = x25519Shared(this.#pair.secret, publicKey);
    if (shared === undefined) return false;
    this.#keys.set(peer, {
      to: this.#derive(shared, this.#index, peer),
      from: this.#derive(shared, peer, this.#index),
    });
    return true;
  }

  /** Ciphertext ‖ tag for `to` alone. Once for each peer. */
  seal(to: PartyIndex, plain: Uint8Array): Uint8Array {
    const keys = this.#keys.get(to);
    assert(keys !== undefined, 'seals follow the exchange of keys');
    return aesGcmSeal(keys.to.bytes, NONCE, this.#sessionId, plain);
  }

  open(from: PartyIndex, sealed: Uint8Array): Uint8Array | undefined {
    const keys = this.#keys.get(from);
    return keys && aesGcmOpen(keys.from.bytes, NONCE, this.#sessionId, sealed);
  }

  [Symbol.dispose](): void {
    this.#pair.secret[Symbol.dispose]();
    for (const { to, from } of this.#keys.values()) {
      to[Symbol.dispose]();
      from[Symbol.dispose]();
    }
    this.#keys.clear();
  }

  #derive(shared: SecretBytes, from: PartyIndex, to: PartyIndex): SecretBytes {
    const purpose = transcript('seal', [u16Item(from), u16Item(to)]);
    return new SecretBytes(hkdfSha256(shared.bytes, this.#sessionId, purpose, KEY_BYTES));
  }
}
