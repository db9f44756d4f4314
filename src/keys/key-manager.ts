import { LRUCache } from 'lru-cache';
import { assert, ClusterError, equal } from '../common/index.js';
import type {
  Boot,
  ClusterId,
  KeyId,
  Millis,
  NodeId,
  PartyIndex,
  SessionId,
} from '../common/index.js';
import { belongsJob, makeSuppliesJob } from '../algorithms/index.js';
import type { Schemes } from '../algorithms/index.js';
import { equalSecrets, SecretBytes, wipe } from '../crypto/index.js';
import type { KeyAlgorithm } from '../identity/index.js';
import { ShareStoreError } from '../ports/index.js';
import type { Clock, Compute, Random, ShareId, ShareStore } from '../ports/index.js';
import type { Supply } from '../wire/index.js';
import { Nonces } from './nonces.js';
import { openShare, polynomialHash, recordOf, sealShare } from './sealed-share.js';
import type { OpenShare, SharePlace } from './sealed-share.js';

export type KeyManagerParts = {
  readonly shares: ShareStore;
  /** 32 bytes; the manager keeps a copy of its own and wipes that. */
  readonly wrappingKey: Uint8Array;
  readonly clusterId: ClusterId;
  readonly nodeId: NodeId;
  readonly boot: Boot;
  readonly random: Random;
  readonly clock: Clock;
  readonly compute: Compute;
  readonly schemes: Schemes;
  readonly limits?: Partial<KeyManagerLimits>;
};

export type KeyManagerLimits = {
  /** Key shares that are open in memory at once; the least recently used goes, and its nonces with it. */
  readonly openSharesMax: number;
  readonly noncesPerKeyMax: number;
  readonly noncesMax: number;
  /** A nonce goes this long after it was made. Pools forget its commitment earlier. */
  readonly nonceLifeMs: Millis;
};

const LIMITS: KeyManagerLimits = {
  openSharesMax: 4_096,
  noncesPerKeyMax: 64,
  noncesMax: 16_384,
  nonceLifeMs: 60_000,
};

/** Ids of key shares that are listed at a time. */
const LIST_PAGE = 1_000;

export type KeepInput = {
  readonly keyId: KeyId;
  readonly sessionId: SessionId;
  readonly version: number;
  readonly algorithm: KeyAlgorithm;
  readonly threshold: number;
  /** The sharing's public polynomial V_0 … V_{t−1}, encoded points. */
  readonly V: readonly Uint8Array[];
  readonly publicKey: Uint8Array;
  readonly index: PartyIndex;
  /** The caller's, before and after: it wipes it. */
  readonly scalar: Uint8Array;
  /** Public bytes that are kept beside the share: an encoded `ready`. */
  readonly record: Uint8Array;
};

export type LoadInput = {
  readonly keyId: KeyId;
  readonly sessionId: SessionId;
  readonly version: number;
  readonly V: readonly Uint8Array[];
  /** Where it is given, a share of another algorithm is refused. */
  readonly algorithm?: KeyAlgorithm;
};

/** One nonce and the key share to use it with, in arrays that are the caller's alone: it wipes both. */
export type TakenNonce = {
  readonly algorithm: KeyAlgorithm;
  readonly index: PartyIndex;
  readonly scalar: Uint8Array;
  readonly secret: Uint8Array;
};

type HeldShare = {
  readonly sessionId: SessionId;
  readonly polynomialHash: Uint8Array;
  readonly share: OpenShare;
};

/** This node's key shares and nonces. */
export class KeyManager {
  readonly #parts: KeyManagerParts;
  readonly #limits: KeyManagerLimits;
  readonly #wrappingKey: SecretBytes;
  readonly #nonces: Nonces;
  /** Open shares by key and version. */
  readonly #open: LRUCache<string, HeldShare>;
  #sessions: Promise<Map<KeyId, Set<SessionId>>> | undefined;
  #closed = false;

  constructor(parts: KeyManagerParts) {
    assert(parts.wrappingKey.length === 32, 'a wrapping key is 32 bytes');
    this.#parts = parts;
    this.#limits = { ...LIMITS, ...parts.limits };
    this.#wrappingKey = new SecretBytes(Uint8Array.from(parts.wrappingKey));
    this.#nonces = new Nonces(parts.nodeId, parts.boot, {
      maximum: this.#limits.noncesMax,
      perOwnerMaximum: this.#limits.noncesPerKeyMax,
    });
    this.#open = new LRUCache({
      max: this.#limits.openSharesMax,
      dispose: ({ share }, name) => {
        this.#nonces.dropOwner(name);
        share.scalar[Symbol.dispose]();
      },
    });
  }

  /**
   * Seals a key share and makes it durable; resolves when it has been read back and opened, and is what it was. Only then may
   * `ready` be said. The same share may be kept twice.
   *
   * @throws ClusterError `already-exists` when the session has another share, which stays; `data-loss` when the store gives
   * back something else.
   * @throws {ShareStoreError} `unavailable`.
   */
  async keep(input: KeepInput): Promise<void> {
    const { keyId, algorithm, index, threshold, record } = input;
    const copy = { index, scalar: Uint8Array.from(input.scalar) };
    const owned = await this.#parts.compute.run(belongsJob, {
      algorithm,
      key: { threshold, V: input.V, publicKey: input.publicKey },
      share: copy,
    });
    assert(owned, 'a key share is that of its polynomial');
    const sessions = await this.#knownSessions();
    const place = this.#place(input);
    const { random, shares } = this.#parts;

    using scalar = new SecretBytes(Uint8Array.from(input.scalar));
    const share: OpenShare = { algorithm, index, threshold, scalar };
    const sealed = sealShare(place, share, record, this.#wrapping(), random);
    const put = await shares.putIfAbsent(input, sealed);
    if (!put.absent && !this.#isKept(place, put.present, share, record))
      throw new ClusterError('already-exists', `The session has another key share of ${keyId}`, {
        reason: 'KEY_SHARE_EXISTS',
      });
    addSession(sessions, input);

    const stored = await this.#stored(input, input.version);
    if (stored === undefined || !this.#isKept(place, stored, share, record))
      throw new ClusterError('data-loss', `The key share of ${keyId} did not read back`, {
        reason: 'KEY_SHARE_READ_BACK',
      });
  }

  /**
   * The public bytes that were kept beside a share. They speak for themselves by the signature they carry.
   *
   * @throws {ShareStoreError} The store is unavailable, or this record damaged.
   */
  async record(keyId: KeyId, sessionId: SessionId): Promise<Uint8Array | undefined> {
    const stored = await this.#parts.shares.get({ keyId, sessionId });
    return stored === undefined ? undefined : recordOf(stored);
  }

  /**
   * Opens a key share into memory; `false` when this node has none for the session.
   *
   * @throws ClusterError `data-loss` when it does not open as the share of this place and polynomial (damage, another
   * node's, another wrapping key), or is of another algorithm.
   * @throws {ShareStoreError} `unavailable`.
   */
  async load(input: LoadInput): Promise<boolean> {
    const { keyId, sessionId, version, algorithm } = input;
    const name = nameOf(keyId, version);
    const place = this.#place(input);
    if (this.#holds(name, place, algorithm)) return true;
    const stored = await this.#stored(input, version);
    if (stored === undefined || this.#closed) return false;
    // Another call may have been quicker: replacing its share would drop the nonces that were made since.
    if (this.#holds(name, place, algorithm)) return true;

    const share = openShare(place, stored, this.#wrapping());
    if (share === undefined) throw doesNotOpen(keyId, version);
    // F4: one secret is never used under two algorithms.
    if (algorithm !== undefined && share.algorithm !== algorithm) {
      share.scalar[Symbol.dispose]();
      throw doesNotOpen(keyId, version);
    }
    this.#open.set(name, { sessionId, polynomialHash: place.polynomialHash, share });
    return true;
  }

  /**
   * Makes up to `count` nonces and resolves with their commitments, to be published; with none when the share is not loaded,
   * or not any more. At a cap the oldest nonces go.
   *
   * @throws {ClusterError} They could not be computed.
   */
  async commit(keyId: KeyId, version: number, count: number): Promise<readonly Supply[]> {
    const name = nameOf(keyId, version);
    const held = this.#open.get(name);
    const { noncesPerKeyMax, noncesMax } = this.#limits;
    const many = Math.min(count, noncesPerKeyMax, noncesMax);
    if (held === undefined || many === 0) return [];
    const { clock, compute, random, schemes } = this.#parts;
    const { algorithm } = held.share;
    const scalar = Uint8Array.from(held.share.scalar.bytes);
    const randomness = random.bytes(many * schemes[algorithm].supplyRandomBytes);
    const made = await compute.run(makeSuppliesJob, { algorithm, scalar, randomness });
    if (this.#open.peek(name) === held) {
      return made.map((each) => this.#nonces.add(name, each, clock.elapsed()));
    }
    // Of a share that went meanwhile nothing stays, and neither do its nonces.
    for (const { secret } of made) wipe(secret);
    return [];
  }

  /**
   * Gives one nonce away, with the key share to use it with; it is never given again. One synchronous step: the caller checks
   * state, takes and signs without an `await` between.
   *
   * @returns `gone` when the nonce is used, dropped, expired or of another run, or the share is not loaded; `other-bytes` when
   * the supply names one of this node's with another commitment: it is kept then.
   */
  take(keyId: KeyId, version: number, supply: Supply): TakenNonce | 'gone' | 'other-bytes' {
    const name = nameOf(keyId, version);
    const held = this.#open.get(name);
    if (held === undefined) return 'gone';
    const secret = this.#nonces.take(name, supply);
    if (secret === 'gone' || secret === 'other-bytes') return secret;
    const { algorithm, index, scalar } = held.share;
    return { algorithm, index, scalar: Uint8Array.from(scalar.bytes), secret };
  }

  /** How many nonces of a key version wait to be taken. */
  available(keyId: KeyId, version: number): number {
    return this.#nonces.count(nameOf(keyId, version));
  }

  /**
   * Drops nonces whose life is over.
   *
   * @param now - Of `Clock.elapsed`, which does not jump.
   */
  expire(now: Millis = this.#parts.clock.elapsed()): void {
    this.#nonces.expire(now - this.#limits.nonceLifeMs);
  }

  /** Drops this node's nonces that an applied entry names, id and bytes. What is taken for the entry is taken before. */
  named(supplies: readonly Supply[]): void {
    this.#nonces.named(supplies);
  }

  /** How many shares of a key are kept, of all sessions. */
  async pending(keyId: KeyId): Promise<number> {
    return (await this.#knownSessions()).get(keyId)?.size ?? 0;
  }

  /** Wipes what is open, nonces included. Nothing can be taken after. */
  close(): void {
    this.#closed = true;
    this.#open.clear();
    this.#wrappingKey[Symbol.dispose]();
  }

  toJSON(): never {
    throw new TypeError('keys do not become JSON');
  }

  #place({
    keyId,
    version,
    sessionId,
    V,
  }: Pick<LoadInput, 'keyId' | 'version' | 'sessionId' | 'V'>): SharePlace {
    const { clusterId, nodeId } = this.#parts;
    return { clusterId, nodeId, keyId, version, sessionId, polynomialHash: polynomialHash(V) };
  }

  /** The sealed share of a session. @throws ClusterError `data-loss` for a damaged record. */
  async #stored(id: ShareId, version: number): Promise<Uint8Array | undefined> {
    try {
      return await this.#parts.shares.get(id);
    } catch (error) {
      if (!(error instanceof ShareStoreError) || error.kind !== 'damaged') throw error;
      throw doesNotOpen(id.keyId, version, error);
    }
  }

  /** Claims that `sealed` is this share of this place, with this record. */
  #isKept(place: SharePlace, sealed: Uint8Array, share: OpenShare, record: Uint8Array): boolean {
    const opened = openShare(place, sealed, this.#wrapping());
    const same = opened !== undefined && isSame(opened, share);
    opened?.scalar[Symbol.dispose]();
    return same && equal(recordOf(sealed) ?? new Uint8Array(), record);
  }

  #holds(name: string, place: SharePlace, algorithm: KeyAlgorithm | undefined): boolean {
    const held = this.#open.get(name);
    return (
      held?.sessionId === place.sessionId &&
      equal(held.polynomialHash, place.polynomialHash) &&
      (algorithm === undefined || held.share.algorithm === algorithm)
    );
  }

  /** For the moment: nobody keeps it over an `await`. */
  #wrapping(): Uint8Array {
    if (this.#closed) throw new ClusterError('cancelled', 'The keys of this node are closed');
    return this.#wrappingKey.bytes;
  }

  /** The sessions of which shares are kept, by key. Listed once; then {@link keep} adds to it. */
  async #knownSessions(): Promise<Map<KeyId, Set<SessionId>>> {
    this.#sessions ??= listSessions(this.#parts.shares);
    try {
      return await this.#sessions;
    } catch (error) {
      // The next call lists again.
      this.#sessions = undefined;
      throw error;
    }
  }
}

async function listSessions(shares: ShareStore): Promise<Map<KeyId, Set<SessionId>>> {
  const sessions = new Map<KeyId, Set<SessionId>>();
  let after: ShareId | undefined;
  do {
    const page = await shares.list({ ...(after && { after }), limit: LIST_PAGE });
    for (const id of page.items) addSession(sessions, id);
    after = page.next;
  } while (after !== undefined);
  return sessions;
}

function addSession(sessions: Map<KeyId, Set<SessionId>>, { keyId, sessionId }: ShareId): void {
  sessions.set(keyId, (sessions.get(keyId) ?? new Set()).add(sessionId));
}

function nameOf(keyId: KeyId, version: number): string {
  return `${keyId}/${version}`;
}

function isSame(a: OpenShare, b: OpenShare): boolean {
  return (
    a.algorithm === b.algorithm &&
    a.index === b.index &&
    a.threshold === b.threshold &&
    equalSecrets(a.scalar.bytes, b.scalar.bytes)
  );
}

function doesNotOpen(keyId: KeyId, version: number, cause?: unknown): ClusterError {
  return new ClusterError(
    'data-loss',
    `The key share of ${keyId}, version ${version}, does not open`,
    { reason: 'KEY_SHARE_SEAL', cause },
  );
}
