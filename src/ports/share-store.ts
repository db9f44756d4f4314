import type { KeyId, SessionId } from '../common/index.js';

/** Where a sealed key share is filed: its key, and the session that made it. */
export type ShareId = { readonly keyId: KeyId; readonly sessionId: SessionId };

/**
 * The result of {@link ShareStore.putIfAbsent}. `present` are the bytes that are filed there already, the caller's to
 * keep.
 */
export type PutResult =
  { readonly absent: true } | { readonly absent: false; readonly present: Uint8Array };

/** A part of a list: at most `limit` (1 or more) ids behind `after`, from the first on where it is not given. */
export type SharePageRequest = { readonly after?: ShareId; readonly limit: number };

/** `next` is the `after` of the next page; the last page has none. */
export type SharePage = { readonly items: readonly ShareId[]; readonly next: ShareId | undefined };

/**
 * This node's sealed key shares: ciphertext only. A record is written once, and altered only by {@link ShareStore.replace},
 * so two writers cannot take each other's share away. Every method rejects with a {@link ShareStoreError} and nothing else.
 */
export interface ShareStore {
  /** Files a share where there is none. Resolves when what is then filed, this one or the one before, is durable. */
  putIfAbsent(id: ShareId, sealed: Uint8Array): Promise<PutResult>;
  /**
   * Puts `after` in the place of exactly `before`, in one step: a crash leaves one or the other. Resolves when that is durable,
   * with `false` where something else is filed, or nothing.
   */
  replace(id: ShareId, before: Uint8Array, after: Uint8Array): Promise<boolean>;
  /** The sealed share as it was put, `undefined` for none. */
  get(id: ShareId): Promise<Uint8Array | undefined>;
  /** Resolves when there is durably no such record; whether there was one makes no difference. Deletes damaged ones too. */
  delete(id: ShareId): Promise<void>;
  /** Ids in order of key, then session, damaged records included. */
  list(page: SharePageRequest): Promise<SharePage>;
  close(): Promise<void>;
}

/**
 * Why a share store did not do what it was asked.
 *
 * - `unavailable`: the store cannot be reached or does not commit now. It passes, and the call may be made again; a write
 *   may have happened nevertheless.
 * - `damaged`: this record is not what was written. Asking again does not help; other records are not concerned.
 */
export class ShareStoreError extends Error {
  override readonly name = 'ShareStoreError';
  readonly kind: 'unavailable' | 'damaged';

  constructor(kind: ShareStoreError['kind'], message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.kind = kind;
  }
}
