import { LRUCache } from 'lru-cache';
import { assert, ClusterError, equal } from '../common/index.js';
import type { ClusterId, KeyId, NodeId, SessionId } from '../common/index.js';
import { equalSecrets } from '../crypto/index.js';
import { sharePages, ShareStoreError, sharesUnder } from '../ports/index.js';
import type { Random, ShareId, ShareStore } from '../ports/index.js';
import { rewrapAll } from './rewrap.js';
import type { Rewrapped } from './rewrap.js';
import { recordOf } from './sealed-secret.js';
import type { Secret, SecretPlace } from './sealed-secret.js';
import { WrappingKeys } from './wrapping-keys.js';

export type HoldingsParts = {
  readonly shares: ShareStore;
  /** 32 bytes; the holdings keep a copy of their own and wipe that. */
  readonly wrappingKey: Uint8Array;
  readonly clusterId: ClusterId;
  readonly nodeId: NodeId;
  readonly random: Random;
  /** Secrets that are open in memory at once; the least recently used goes. */
  readonly openMax: number;
  /** The bytes that they and what is kept with them take, about; as for their number, the least recently used goes. */
  readonly openBytesMax: number;
  /** A secret is open no more: supplies that were made from it go too. */
  readonly onClosed: (name: string) => void;
};

/** Where a secret of this node belongs. */
export type Holding = Omit<SecretPlace, 'clusterId' | 'nodeId'>;

/** Secrets that are open in memory, and how often one that was needed was among them, since the start. */
export type OpenSecrets = {
  readonly open: number;
  readonly bytes: number;
  readonly hits: number;
  /** Times that a secret was read from the store and opened. */
  readonly misses: number;
};

/** An open secret's objects, besides its own bytes. */
const ENTRY_BYTES = 512;

type OpenSecret = { readonly at: Holding; readonly secret: Secret };

/** Key and version: the name of an open secret. */
export function nameOf({ keyId, version }: Pick<Holding, 'keyId' | 'version'>): string {
  return `${keyId}/${version}`;
}

/** This node's durable secrets of all kinds: sealed for their place, and some of them open in memory. */
export class Holdings {
  readonly #parts: HoldingsParts;
  readonly #wrapping: WrappingKeys;
  /** By {@link nameOf}. */
  readonly #open: LRUCache<string, OpenSecret>;
  #sessions: Promise<Map<KeyId, Set<SessionId>>> | undefined;
  /** Keys of which no secret is opened: they are retired. */
  readonly #shut = new Set<KeyId>();
  #hits = 0;
  #misses = 0;
  /** Keys of which no secret is kept any more in this run: they are destroyed. */
  readonly #erased = new Set<KeyId>();
  /** Secrets that are being made durable. */
  readonly #keeping = new Set<Promise<void>>();
  #closed = false;

  constructor(parts: HoldingsParts) {
    this.#parts = parts;
    this.#wrapping = new WrappingKeys(parts.wrappingKey, parts.random);
    this.#open = new LRUCache({
      max: parts.openMax,
      maxSize: parts.openBytesMax,
      sizeCalculation: ({ secret }) =>
        secret.bytes.bytes.length + secret.about.length + ENTRY_BYTES,
      dispose: ({ secret }, name) => {
        parts.onClosed(name);
        secret.bytes[Symbol.dispose]();
      },
    });
  }

  /**
   * Seals a secret and makes it durable; resolves when it has been read back and opened, and is unchanged. The same secret
   * may be kept twice. It stays the caller's.
   *
   * @param record - Public bytes that are kept beside it.
   * @throws ClusterError `already-exists` when the session has another secret, which stays; `data-loss` when the store gives
   * back something else; `wrong-state` when the key is erased.
   * @throws {ShareStoreError} `unavailable`.
   */
  async keep(at: Holding, secret: Secret, record: Uint8Array): Promise<void> {
    if (this.#erased.has(at.keyId)) throw isErased(at);
    const kept = this.#keep(at, secret, record);
    this.#keeping.add(kept);
    try {
      await kept;
    } finally {
      this.#keeping.delete(kept);
    }
  }

  async #keep(at: Holding, secret: Secret, record: Uint8Array): Promise<void> {
    const { shares } = this.#parts;
    const sessions = await this.#knownSessions();
    if (this.#erased.has(at.keyId)) throw isErased(at);
    const sealed = this.#wrapping.seal(this.#place(at), secret, record);
    const put = await shares.putIfAbsent(at, sealed);
    if (!put.absent && !this.#isKept(at, put.present, secret, record))
      throw new ClusterError('already-exists', `The session has another key share of ${at.keyId}`, {
        reason: 'KEY_SHARE_EXISTS',
      });
    addSession(sessions, at);

    const stored = await this.#stored(at);
    if (stored === undefined || !this.#isKept(at, stored, secret, record))
      throw new ClusterError('data-loss', `The key share of ${at.keyId} did not read back`, {
        reason: 'KEY_SHARE_READ_BACK',
      });
  }

  /**
   * The public bytes that were kept beside a secret. They speak for themselves by the signature they carry.
   *
   * @throws {ShareStoreError} The store is unavailable, or this record damaged.
   */
  async record(id: ShareId): Promise<Uint8Array | undefined> {
    const stored = await this.#parts.shares.get(id);
    return stored === undefined ? undefined : recordOf(stored);
  }

  /**
   * Opens a secret into memory; `false` when this node has none for the session.
   *
   * @param isKind - Whether the caller means a secret of this kind.
   * @throws ClusterError `data-loss` when it does not open as the secret of this place (damage, another node's, another
   * wrapping key), or is of another kind.
   * @throws {ShareStoreError} `unavailable`.
   */
  async load(at: Holding, isKind: (kind: string) => boolean): Promise<boolean> {
    if (this.#has(at, isKind)) return true;
    const stored = await this.#stored(at);
    if (stored === undefined || this.#closed || this.#shut.has(at.keyId)) return false;
    // Another call may have been quicker: replacing its secret would drop the supplies that were made since.
    if (this.#has(at, isKind)) return true;

    const secret = this.#wrapping.unseal(this.#place(at), stored);
    if (secret === undefined) throw doesNotOpen(at);
    // One secret is never used under two algorithms, nor as another kind.
    if (!isKind(secret.kind)) {
      secret.bytes[Symbol.dispose]();
      throw doesNotOpen(at);
    }
    this.#misses += 1;
    this.#open.set(nameOf(at), { at, secret });
    // The cache takes nothing that is larger than all of it may be.
    assert(this.isOpen(nameOf(at), secret), 'a secret fits among the open ones');
    return true;
  }

  /** Wipes the open secrets of a key, and opens none of it until it is {@link reopen}ed. */
  shut(keyId: KeyId): void {
    this.#shut.add(keyId);
    this.#wipe(keyId);
  }

  reopen(keyId: KeyId): void {
    if (!this.#erased.has(keyId)) this.#shut.delete(keyId);
  }

  isShut(keyId: KeyId): boolean {
    return this.#shut.has(keyId);
  }

  /** An open secret, and the same object for as long as it is open: the holdings own its bytes. */
  get(name: string): Secret | undefined {
    const held = this.#open.get(name);
    if (held !== undefined) this.#hits += 1;
    return held?.secret;
  }

  /** Counts, for operators. */
  counts(): OpenSecrets {
    const { size: open, calculatedSize: bytes } = this.#open;
    return { open, bytes, hits: this.#hits, misses: this.#misses };
  }

  /** The session that made an open secret. It does not count as a use. */
  sessionOf(name: string): SessionId | undefined {
    return this.#open.peek(name)?.at.sessionId;
  }

  /** The open secret of exactly this place. The holdings own its bytes. */
  openAt(at: Holding): Secret | undefined {
    return this.#has(at, () => true) ? this.get(nameOf(at)) : undefined;
  }

  /** Claims that `secret` is open still. It does not count as a use. */
  isOpen(name: string, secret: Secret): boolean {
    return this.#open.peek(name)?.secret === secret;
  }

  /** How many secrets of a key are kept, of all sessions. */
  async pending(keyId: KeyId): Promise<number> {
    return (await this.sessions()).get(keyId)?.size ?? 0;
  }

  /** The sessions of which secrets are kept, by key. */
  sessions(): Promise<ReadonlyMap<KeyId, ReadonlySet<SessionId>>> {
    return this.#knownSessions();
  }

  /**
   * Wipes a secret and deletes it for good.
   *
   * @throws {ShareStoreError} `unavailable`: it may be there still.
   */
  async remove(id: ShareId): Promise<void> {
    const sessions = await this.#knownSessions();
    this.#wipe(id.keyId, id.sessionId);
    await this.#parts.shares.delete(id);
    const left = sessions.get(id.keyId);
    left?.delete(id.sessionId);
    if (left?.size === 0) sessions.delete(id.keyId);
  }

  /** From now on secrets are sealed under `next`, 32 bytes, and open under either key. */
  beginRewrap(next: Uint8Array): void {
    this.#wrapping.begin(next);
  }

  /**
   * Wraps all secrets under the key that {@link beginRewrap} gave; see {@link rewrapAll}.
   *
   * @throws {ShareStoreError} `unavailable`: another call goes on with it.
   */
  async rewrap(onProgress: (count: number) => void): Promise<Rewrapped> {
    // Secrets that were sealed before the key was there are in the store when the list is read.
    await Promise.allSettled(this.#keeping);
    return rewrapAll(this.#parts.shares, this.#parts, this.#wrapping, onProgress);
  }

  /** Forgets the key before: no secret opens under it any more. */
  finishRewrap(): void {
    this.#wrapping.finish();
  }

  /**
   * Wipes all secrets of a key, of every session, and deletes them for good: none is kept or opened any more in this run.
   * Resolves when the store itself has none, whatever this object knows of.
   *
   * @throws {ShareStoreError} `unavailable`: some may be there still.
   */
  async eraseAll(keyId: KeyId): Promise<void> {
    this.#erased.add(keyId);
    this.shut(keyId);
    // A secret that is being filed would come back behind the look that finds none.
    await Promise.allSettled(this.#keeping);
    for (;;) {
      const left = await sharesUnder(this.#parts.shares, keyId);
      if (left.length === 0) break;
      for (const id of left) await this.#parts.shares.delete(id);
    }
    (await this.#knownSessions()).delete(keyId);
  }

  /** Wipes the open secrets. None can be opened after. */
  close(): void {
    this.#closed = true;
    this.#open.clear();
    this.#wrapping.close();
  }

  /** @param session - All of the key's unless given. */
  #wipe(keyId: KeyId, session?: SessionId): void {
    for (const [name, { at }] of this.#open.entries()) {
      const isOne = at.keyId === keyId && (session === undefined || at.sessionId === session);
      if (isOne) this.#open.delete(name);
    }
  }

  toJSON(): never {
    throw new TypeError('secrets do not become JSON');
  }

  #place(at: Holding): SecretPlace {
    const { clusterId, nodeId } = this.#parts;
    return { ...at, clusterId, nodeId };
  }

  /** The sealed secret of a session. @throws ClusterError `data-loss` for a damaged record. */
  async #stored(at: Holding): Promise<Uint8Array | undefined> {
    try {
      return await this.#parts.shares.get(at);
    } catch (error) {
      if (!(error instanceof ShareStoreError) || error.kind !== 'damaged') throw error;
      throw doesNotOpen(at, error);
    }
  }

  /** Claims that `sealed` is this secret at this place, with this record. */
  #isKept(at: Holding, sealed: Uint8Array, secret: Secret, record: Uint8Array): boolean {
    const opened = this.#wrapping.unseal(this.#place(at), sealed);
    const same = opened !== undefined && isSame(opened, secret);
    opened?.bytes[Symbol.dispose]();
    return same && equal(recordOf(sealed) ?? new Uint8Array(), record);
  }

  #has(at: Holding, isKind: (kind: string) => boolean): boolean {
    const held = this.#open.get(nameOf(at));
    return (
      held?.at.sessionId === at.sessionId &&
      equal(held.at.publicHash, at.publicHash) &&
      isKind(held.secret.kind)
    );
  }

  /** The sessions of which secrets are kept, by key. Listed once; then {@link keep} adds to it. */
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
  for await (const page of sharePages(shares)) for (const id of page) addSession(sessions, id);
  return sessions;
}

function addSession(sessions: Map<KeyId, Set<SessionId>>, id: ShareId): void {
  sessions.set(id.keyId, (sessions.get(id.keyId) ?? new Set()).add(id.sessionId));
}

function isErased({ keyId }: Holding): ClusterError {
  return new ClusterError('wrong-state', `Key ${keyId} is destroyed`, { reason: 'KEY_DESTROYED' });
}

function isSame(a: Secret, b: Secret): boolean {
  return a.kind === b.kind && equal(a.about, b.about) && equalSecrets(a.bytes.bytes, b.bytes.bytes);
}

function doesNotOpen({ keyId, version }: Holding, cause?: unknown): ClusterError {
  return new ClusterError(
    'data-loss',
    `The key share of ${keyId}, version ${version}, does not open`,
    { reason: 'KEY_SHARE_SEAL', cause },
  );
}
