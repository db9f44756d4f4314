import { concat, keyId, sessionId, toHex } from '../common/index.js';
import type { SessionId } from '../common/index.js';
import type { SeenModuli, SeenModulus } from '../gg20/index.js';
import { readOrDamaged, sharesUnder } from '../ports/index.js';
import type { ShareId, ShareStore } from '../ports/index.js';
import { decode, encode, Envelope } from '../wire/index.js';

/** The name under which moduli are filed. No key's id begins like this. */
const NAME = keyId('_moduli');
/** Some years of one large set that is renewed every day. Where there are more, any of them makes room. */
const MODULI_MAX = 8_192;

/* A modulus that was seen, format 1, under its hash:  u8 1 ‖ identity key (32) ‖ the encoded envelope that showed it. */
const FORMAT = 1;
const ENVELOPE_AT = 33;

/** The moduli that this node has seen, in its own share store: they are public, and the store keeps them across restarts. */
export class StoredModuli implements SeenModuli {
  readonly #shares: ShareStore;
  readonly #max: number;
  #hashes: Promise<Set<SessionId>> | undefined;

  /** @param max - Moduli that are remembered. */
  constructor(shares: ShareStore, max = MODULI_MAX) {
    this.#shares = shares;
    this.#max = max;
  }

  /** @throws {ShareStoreError} `unavailable`. */
  async find(hashes: readonly Uint8Array[]): Promise<readonly SeenModulus[]> {
    const found: SeenModulus[] = [];
    for (const hash of hashes) {
      const bytes = await this.#read(idOf(hash));
      const seen = bytes && decodeSeen(hash, bytes);
      if (seen !== undefined) found.push(seen);
    }
    return found;
  }

  /** @throws {ShareStoreError} `unavailable`. */
  async add(seen: readonly SeenModulus[]): Promise<void> {
    const hashes = await this.#all();
    for (const each of seen) {
      const id = idOf(each.hash);
      const [any] = hashes;
      if (!hashes.has(id.sessionId) && hashes.size >= this.#max && any !== undefined) {
        await this.#shares.delete({ keyId: NAME, sessionId: any });
        hashes.delete(any);
      }
      await this.#shares.putIfAbsent(id, encodeSeen(each));
      hashes.add(id.sessionId);
    }
  }

  /** A record that is damaged tells nothing any more. */
  async #read(id: ShareId): Promise<Uint8Array | undefined> {
    const bytes = await readOrDamaged(this.#shares, id);
    return bytes === 'damaged' ? undefined : bytes;
  }

  /** Listed once; then {@link add} adds to it. */
  async #all(): Promise<Set<SessionId>> {
    this.#hashes ??= listHashes(this.#shares);
    try {
      return await this.#hashes;
    } catch (error) {
      this.#hashes = undefined;
      throw error;
    }
  }
}

async function listHashes(shares: ShareStore): Promise<Set<SessionId>> {
  const ids = await sharesUnder(shares, NAME);
  return new Set(ids.map(({ sessionId: hash }) => hash));
}

function idOf(hash: Uint8Array): ShareId {
  return { keyId: NAME, sessionId: sessionId(toHex(hash)) };
}

function encodeSeen({ identityKey, message }: SeenModulus): Uint8Array {
  return concat(Uint8Array.of(FORMAT), identityKey, encode(Envelope, message));
}

function decodeSeen(hash: Uint8Array, bytes: Uint8Array): SeenModulus | undefined {
  const message = bytes[0] === FORMAT ? decode(Envelope, bytes.subarray(ENVELOPE_AT)) : undefined;
  return message && { hash, identityKey: bytes.slice(1, ENVELOPE_AT), message };
}
