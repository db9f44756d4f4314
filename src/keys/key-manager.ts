import { assert, utf8 } from '../common/index.js';
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
import { hkdfSha256, SecretBytes, wipe } from '../crypto/index.js';
import type { SeenModuli } from '../gg20/index.js';
import { KEY_ALGORITHMS } from '../identity/index.js';
import type { KeyAlgorithm } from '../identity/index.js';
import type { Clock, Compute, Random, ShareStore } from '../ports/index.js';
import type { KeyShare } from '../sharing/index.js';
import type { Supply } from '../wire/index.js';
import { FailureRecords } from './failure-records.js';
import { Holdings, nameOf } from './holdings.js';
import type { Holding, OpenSecrets } from './holdings.js';
import { OwnMaterials } from './own-materials.js';
import { polynomialHash } from './sealed-secret.js';
import { fromSecret, shareKindOf, toSecret } from './share-secret.js';
import { StoredModuli } from './seen-moduli.js';
import { SingleUse } from './single-use.js';

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
  /** Key shares that are open in memory at once; the least recently used goes, and its supplies with it. */
  readonly openSharesMax: number;
  /** Bytes that they take. */
  readonly openBytesMax: number;
  readonly suppliesPerKeyMax: number;
  readonly suppliesMax: number;
  /** A supply goes this long after it was made. Pools forget its parts earlier. */
  readonly supplyLifeMs: Millis;
};

const LIMITS: KeyManagerLimits = {
  openSharesMax: 4_096,
  openBytesMax: 16 * 1024 * 1024,
  suppliesPerKeyMax: 64,
  suppliesMax: 16_384,
  supplyLifeMs: 60_000,
};

const NO_SALT = new Uint8Array(0);

/** The part of all supplies from which on a node counts as crowded. */
const CROWDED = 0.75;

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

/** One supply's secret and the key share to use it with, in arrays that are the caller's alone: it wipes both. */
export type TakenSupply = {
  readonly algorithm: KeyAlgorithm;
  readonly index: PartyIndex;
  readonly scalar: Uint8Array;
  readonly secret: Uint8Array;
};

/** This node's key shares, durable and sealed, and its supplies, in memory and used once. */
export class KeyManager {
  readonly #parts: KeyManagerParts;
  readonly #limits: KeyManagerLimits;
  readonly #holdings: Holdings;
  readonly #supplies: SingleUse;
  /** This node's own secrets of sets of participants, in the same store and cache. */
  readonly materials: OwnMaterials;
  /** Moduli of all members of sets that this node has seen, in the same store. */
  readonly seenModuli: SeenModuli;
  /** Counts of failures that this node has met, in the same store. */
  readonly failures: FailureRecords;
  readonly #device: SecretBytes;

  constructor(parts: KeyManagerParts) {
    const limits = { ...LIMITS, ...parts.limits };
    this.#parts = parts;
    this.#limits = limits;
    this.#supplies = new SingleUse(parts.nodeId, parts.boot, {
      maximum: limits.suppliesMax,
      perOwnerMaximum: limits.suppliesPerKeyMax,
    });
    this.#holdings = new Holdings({
      shares: parts.shares,
      wrappingKey: parts.wrappingKey,
      clusterId: parts.clusterId,
      nodeId: parts.nodeId,
      random: parts.random,
      openMax: limits.openSharesMax,
      openBytesMax: limits.openBytesMax,
      onClosed: (name) => this.#supplies.dropOwner(name),
    });
    this.materials = new OwnMaterials(this.#holdings);
    this.seenModuli = new StoredModuli(parts.shares);
    this.failures = new FailureRecords(parts.shares);
    this.#device = new SecretBytes(hkdfSha256(parts.wrappingKey, NO_SALT, utf8('device'), 32));
  }

  /**
   * Seals a key share and makes it durable; resolves when it has been read back and opened, and is unchanged. Only then may
   * `ready` be said. The same share may be kept twice.
   *
   * @throws ClusterError `already-exists` when the session has another share, which stays; `data-loss` when the store gives
   * back something else.
   * @throws {ShareStoreError} `unavailable`.
   */
  async keep(input: KeepInput): Promise<void> {
    const { algorithm, index, threshold, record } = input;
    const copy = { index, scalar: Uint8Array.from(input.scalar) };
    const owned = await this.#parts.compute.run(belongsJob, {
      algorithm,
      key: { threshold, V: input.V, publicKey: input.publicKey },
      share: copy,
    });
    assert(owned, 'a key share is that of its polynomial');
    using scalar = new SecretBytes(Uint8Array.from(input.scalar));
    const secret = toSecret({ algorithm, index, threshold, scalar });
    await this.#holdings.keep(holdingOf(input), secret, record);
  }

  /**
   * The public bytes that were kept beside a share. They speak for themselves by the signature they carry.
   *
   * @throws {ShareStoreError} The store is unavailable, or this record damaged.
   */
  record(keyId: KeyId, sessionId: SessionId): Promise<Uint8Array | undefined> {
    return this.#holdings.record({ keyId, sessionId });
  }

  /**
   * Opens a key share into memory; `false` when this node has none for the session.
   *
   * @throws ClusterError `data-loss` when it does not open as the share of this place and polynomial (damage, another
   * node's, another wrapping key), or is of another algorithm.
   * @throws {ShareStoreError} `unavailable`.
   */
  load(input: LoadInput): Promise<boolean> {
    return this.#holdings.load(holdingOf(input), isShareOf(input.algorithm));
  }

  /**
   * Makes up to `count` supplies, as many as there is room for, and resolves with their public parts, to be published; with
   * none when the share is not loaded, or not any more.
   *
   * @throws {ClusterError} They could not be computed.
   */
  async makeSupplies(keyId: KeyId, version: number, count: number): Promise<readonly Supply[]> {
    const name = nameOf({ keyId, version });
    const held = this.#holdings.get(name);
    const share = held && fromSecret(held);
    const many = Math.min(count, this.#supplies.room(name));
    if (held === undefined || share === undefined || many === 0) return [];
    const { clock, compute, random, schemes } = this.#parts;
    const { algorithm } = share;
    const scalar = Uint8Array.from(share.scalar.bytes);
    const { signing } = schemes[algorithm];
    // An algorithm that signs in sessions has nothing to make ahead here.
    if (signing.by !== 'supplies') return [];
    const randomness = random.bytes(many * signing.supplyRandomBytes);
    const made = await compute.run(makeSuppliesJob, { algorithm, scalar, randomness });
    // Of a share that went meanwhile nothing stays, and neither do its supplies; others may have taken the room.
    const isOpen = this.#holdings.isOpen(name, held);
    const kept = made.slice(0, isOpen ? this.#supplies.room(name) : 0);
    for (const { secret } of made.slice(kept.length)) wipe(secret);
    return kept.map((each) => this.#supplies.add(name, each, clock.elapsed()));
  }

  /**
   * Gives one supply's secret away, with the key share to use it with; it is never given again. One synchronous step: the
   * caller checks state, takes and signs without an `await` between.
   *
   * @returns `gone` when the supply is used, dropped, expired or of another run, or the share is not loaded; `other-bytes` when
   * `supply` names one of this node's with other parts: it is kept then.
   */
  take(keyId: KeyId, version: number, supply: Supply): TakenSupply | 'gone' | 'other-bytes' {
    const name = nameOf({ keyId, version });
    const held = this.#holdings.get(name);
    const share = held && fromSecret(held);
    if (share === undefined) return 'gone';
    const secret = this.#supplies.take(name, supply);
    if (secret === 'gone' || secret === 'other-bytes') return secret;
    const { algorithm, index, scalar } = share;
    return { algorithm, index, scalar: Uint8Array.from(scalar.bytes), secret };
  }

  /** A copy of an open key share, the caller's to wipe; `undefined` where it is not loaded, or not any more. */
  share(keyId: KeyId, version: number): KeyShare | undefined {
    const held = this.#holdings.get(nameOf({ keyId, version }));
    const share = held && fromSecret(held);
    return share && { index: share.index, scalar: Uint8Array.from(share.scalar.bytes) };
  }

  /** Wipes the open shares of a key and its supplies, and opens none until {@link reopen}: it is retired. */
  shut(keyId: KeyId): void {
    this.#holdings.shut(keyId);
  }

  /**
   * Wipes all shares of a key, of every session, and deletes them for good; none is kept in this run any more. Resolves when the
   * store has none.
   *
   * @throws {ShareStoreError} `unavailable`: some may be there still.
   */
  eraseAll(keyId: KeyId): Promise<void> {
    return this.#holdings.eraseAll(keyId);
  }

  /** The key is in use again. */
  reopen(keyId: KeyId): void {
    this.#holdings.reopen(keyId);
  }

  /** Whether shares of a key are not to be opened. */
  isShut(keyId: KeyId): boolean {
    return this.#holdings.isShut(keyId);
  }

  /**
   * Whether a share of a key version is in memory.
   *
   * @param session - Where it is given, only the share that it made counts.
   */
  isLoaded(keyId: KeyId, version: number, session?: SessionId): boolean {
    const name = nameOf({ keyId, version });
    const isThere = this.#holdings.get(name) !== undefined;
    return isThere && (session === undefined || this.#holdings.sessionOf(name) === session);
  }

  /** How many supplies of a key version wait to be taken, of those made after `madeMs`. */
  available(keyId: KeyId, version: number, madeMs?: Millis): number {
    return this.#supplies.count(nameOf({ keyId, version }), madeMs);
  }

  /** How many more supplies of a key version may be kept. */
  room(keyId: KeyId, version: number): number {
    return this.#supplies.room(nameOf({ keyId, version }));
  }

  /** Whether three quarters of the supplies that this node may keep, of all keys, are kept. */
  get isCrowded(): boolean {
    return this.#supplies.size >= CROWDED * this.#limits.suppliesMax;
  }

  /**
   * Drops supplies whose life is over.
   *
   * @param now - Of `Clock.elapsed`, which does not jump.
   */
  expire(now: Millis = this.#parts.clock.elapsed()): void {
    this.#supplies.expire(now - this.#limits.supplyLifeMs);
  }

  /** Drops this node's supplies that an applied entry names, id and parts. A supply that the entry uses is taken before. */
  named(supplies: readonly Supply[]): void {
    this.#supplies.named(supplies);
  }

  /** The keys of which shares are kept. @throws {ShareStoreError} `unavailable`. */
  async kept(): Promise<readonly KeyId[]> {
    return [...(await this.#holdings.sessions()).keys()];
  }

  /** The sessions of which shares of a key are kept. @throws {ShareStoreError} `unavailable`. */
  async sessionsOf(keyId: KeyId): Promise<readonly SessionId[]> {
    return [...((await this.#holdings.sessions()).get(keyId) ?? [])];
  }

  /**
   * Wipes a share and all supplies that were made from it, and deletes it for good.
   *
   * @throws {ShareStoreError} `unavailable`: it may be there still.
   */
  erase(keyId: KeyId, sessionId: SessionId): Promise<void> {
    return this.#holdings.remove({ keyId, sessionId });
  }

  /** The secrets that are open in memory, and how often one that was needed was. */
  openSecrets(): OpenSecrets {
    return this.#holdings.counts();
  }

  /** How many shares of a key are kept, of all sessions. */
  pending(keyId: KeyId): Promise<number> {
    return this.#holdings.pending(keyId);
  }

  /**
   * A secret of this node's own, 32 bytes that the same node key always gives: it is mixed into randomness, so that a weak source
   * alone betrays nothing. A copy, the caller's to wipe.
   */
  deviceSecret(): Uint8Array {
    return Uint8Array.from(this.#device.bytes);
  }

  /** As in {@link Holdings}: the key that wraps shares and materials changes while both are used. */
  get wrapping(): Pick<Holdings, 'beginRewrap' | 'rewrap' | 'finishRewrap'> {
    return this.#holdings;
  }

  /** Wipes open shares and supplies. None can be taken after. */
  close(): void {
    this.#holdings.close();
    this.#device[Symbol.dispose]();
  }

  toJSON(): never {
    throw new TypeError('keys do not become JSON');
  }
}

function holdingOf({
  keyId,
  version,
  sessionId,
  V,
}: Pick<LoadInput, 'keyId' | 'version' | 'sessionId' | 'V'>): Holding {
  return { keyId, version, sessionId, publicHash: polynomialHash(V) };
}

/** Tells key shares of `algorithm` from other secrets; those of any algorithm where none is given. */
function isShareOf(algorithm: KeyAlgorithm | undefined): (kind: string) => boolean {
  if (algorithm !== undefined) return (kind) => kind === shareKindOf(algorithm);
  return (kind) => KEY_ALGORITHMS.some((each) => kind === shareKindOf(each));
}
