import { assert, fromHex, keyId, toHex } from '../common/index.js';
import type { KeyId, SessionId } from '../common/index.js';
import { SecretBytes } from '../crypto/index.js';
import type { Holding, Holdings } from './holdings.js';

/** Where this node's material of one generation belongs. */
export type MaterialPlace = {
  /** 16 bytes: a set of participants. */
  readonly setId: Uint8Array;
  readonly generation: number;
  /** Of the session that made it. */
  readonly sessionId: SessionId;
  /** 32 bytes, over the public material of all members. */
  readonly digest: Uint8Array;
  /** The name of the set's profile. */
  readonly profile: string;
};

export type KeepMaterialInput = MaterialPlace & {
  /** The caller's, before and after: it wipes it. */
  readonly secret: Uint8Array;
  /** Public bytes that are kept beside it. */
  readonly record: Uint8Array;
};

const SET_ID_BYTES = 16;
const PREFIX = '_set-';

/**
 * This node's own secrets in the auxiliary material of sets of participants: filed beside key shares, under a name that no key
 * can have, and sealed for cluster, node, set, generation, session and digest.
 */
export class OwnMaterials {
  readonly #holdings: Holdings;

  constructor(holdings: Holdings) {
    this.#holdings = holdings;
  }

  /**
   * Seals material and makes it durable; resolves when it has been read back and opened, and is unchanged. Only then may
   * `prepared` be said.
   *
   * @throws {ClusterError} `already-exists` when the session has other material, which stays; `data-loss` when the store gives
   * back something else.
   * @throws {ShareStoreError} `unavailable`.
   */
  async keep(input: KeepMaterialInput): Promise<void> {
    using bytes = new SecretBytes(Uint8Array.from(input.secret));
    const secret = { kind: kindOf(input.profile), about: new Uint8Array(0), bytes };
    await this.#holdings.keep(holdingOf(input), secret, input.record);
  }

  /** The public bytes beside material, which only {@link load} vouches for. @throws {ShareStoreError} */
  record(setId: Uint8Array, sessionId: SessionId): Promise<Uint8Array | undefined> {
    return this.#holdings.record({ keyId: nameOfSet(setId), sessionId });
  }

  /**
   * Opens material into memory; `false` when this node has none of the session.
   *
   * @throws {ClusterError} `data-loss` when it does not open as the material of this place and profile.
   * @throws {ShareStoreError} `unavailable`.
   */
  load(place: MaterialPlace): Promise<boolean> {
    const kind = kindOf(place.profile);
    return this.#holdings.load(holdingOf(place), (each) => each === kind);
  }

  /** A copy of open material, the caller's to wipe; `undefined` where it is not loaded, or not any more. */
  secret(place: MaterialPlace): Uint8Array | undefined {
    const held = this.#holdings.openAt(holdingOf(place));
    return held?.kind === kindOf(place.profile) ? Uint8Array.from(held.bytes.bytes) : undefined;
  }

  /** The sessions of which material is kept, by set. @throws {ShareStoreError} */
  async kept(): Promise<readonly { readonly setId: Uint8Array; readonly sessionId: SessionId }[]> {
    const sessions = await this.#holdings.sessions();
    return [...sessions].flatMap(([name, ids]) => {
      const setId = setIdOf(name);
      return setId === undefined ? [] : [...ids].map((sessionId) => ({ setId, sessionId }));
    });
  }

  /** Wipes material and deletes it for good. @throws {ShareStoreError} */
  async drop(setId: Uint8Array, sessionId: SessionId): Promise<void> {
    await this.#holdings.remove({ keyId: nameOfSet(setId), sessionId });
  }

  toJSON(): never {
    throw new TypeError('material does not become JSON');
  }
}

/** For example `auxiliary/P3072`. */
function kindOf(profile: string): string {
  return `auxiliary/${profile}`;
}

function holdingOf({ setId, generation, sessionId, digest }: MaterialPlace): Holding {
  return { keyId: nameOfSet(setId), version: generation, sessionId, publicHash: digest };
}

/** The name that a set has where keys are filed by id. No key's id begins like this. */
function nameOfSet(setId: Uint8Array): KeyId {
  assert(setId.length === SET_ID_BYTES, 'a set’s id is 16 bytes');
  return keyId(`${PREFIX}${toHex(setId)}`);
}

function setIdOf(name: string): Uint8Array | undefined {
  return name.startsWith(PREFIX) ? fromHex(name.slice(PREFIX.length)) : undefined;
}
