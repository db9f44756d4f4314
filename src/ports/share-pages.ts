import type { KeyId } from '../common/index.js';
import { sessionId } from '../common/index.js';
import { ShareStoreError } from './share-store.js';
import type { ShareId, ShareStore } from './share-store.js';

/** Shares that are asked for at once. */
const PAGE = 1_000;

/**
 * The ids of a store behind `after`, from the first on where it is not given, a page at a time and in order; those that are written or
 * deleted meanwhile may be among them. There is one page at least.
 *
 * @throws {ShareStoreError} `unavailable`.
 */
export async function* sharePages(
  store: ShareStore,
  after?: ShareId,
): AsyncGenerator<readonly ShareId[]> {
  let from = after;
  do {
    const page = await store.list({ ...(from && { after: from }), limit: PAGE });
    yield page.items;
    from = page.next;
  } while (from !== undefined);
}

/** All ids under one name. @throws {ShareStoreError} `unavailable`. */
export async function sharesUnder(store: ShareStore, name: KeyId): Promise<readonly ShareId[]> {
  const ids: ShareId[] = [];
  // No session's id is empty: this stands behind the shares of all names before, and before the first of its own.
  for await (const page of sharePages(store, { keyId: name, sessionId: sessionId('') })) {
    const own = page.filter((id) => id.keyId === name);
    ids.push(...own);
    if (own.length < page.length) break;
  }
  return ids;
}

/** A record, or `damaged` where it is not what was written. @throws {ShareStoreError} `unavailable`. */
export async function readOrDamaged(
  store: ShareStore,
  id: ShareId,
): Promise<Uint8Array | 'damaged' | undefined> {
  try {
    return await store.get(id);
  } catch (error) {
    if (error instanceof ShareStoreError && error.kind === 'damaged') return 'damaged';
    throw error;
  }
}
