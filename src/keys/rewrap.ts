import type { ClusterId, NodeId } from '../common/index.js';
import { readOrDamaged, sharePages } from '../ports/index.js';
import type { ShareId, ShareStore } from '../ports/index.js';
import { isSealed } from './sealed-secret.js';
import type { WrappingKeys } from './wrapping-keys.js';

/** Records that are worked on at once. */
const AT_ONCE = 16;

/** The outcome of wrapping all secrets anew. Every record is one of these. */
export type Rewrapped = {
  /** Secrets that were wrapped anew. */
  readonly rewrapped: number;
  /** Secrets that were under the new key already. */
  readonly wrapped: number;
  /** Records that hold no secret. */
  readonly open: number;
  /** Secrets that open under neither key, and damaged records: they are lost with or without a new key, and stay. */
  readonly unopened: number;
};

type Outcome = keyof Rewrapped;

/**
 * Wraps the data keys of all secrets in a store under the new key. Each record changes in one step, so that a crash leaves a
 * mixture that opens; another call goes on with it.
 *
 * @param onProgress - Told after each part, with the records that were looked at.
 * @throws {ShareStoreError} `unavailable`.
 */
export async function rewrapAll(
  shares: ShareStore,
  owner: { readonly clusterId: ClusterId; readonly nodeId: NodeId },
  keys: WrappingKeys,
  onProgress: (count: number) => void,
): Promise<Rewrapped> {
  const counts = { rewrapped: 0, wrapped: 0, open: 0, unopened: 0 };
  let seen = 0;
  for await (const page of sharePages(shares)) {
    for (let at = 0; at < page.length; at += AT_ONCE) {
      const part = page.slice(at, at + AT_ONCE);
      const outcomes = await Promise.all(part.map((id) => rewrapOne(shares, owner, keys, id)));
      for (const outcome of outcomes) if (outcome !== undefined) counts[outcome] += 1;
      onProgress((seen += part.length));
    }
  }
  return counts;
}

/** Nothing for a record that was deleted meanwhile. */
async function rewrapOne(
  shares: ShareStore,
  owner: { readonly clusterId: ClusterId; readonly nodeId: NodeId },
  keys: WrappingKeys,
  id: ShareId,
): Promise<Outcome | undefined> {
  const before = await readOrDamaged(shares, id);
  if (before === undefined) return undefined;
  if (before === 'damaged') return 'unopened';
  if (!isSealed(before)) return 'open';
  const after = keys.rewrap({ ...owner, ...id }, before);
  if (after === undefined) return 'unopened';
  if (after === 'wrapped') return 'wrapped';
  // Nothing else changes a record: one that differs now was deleted, and perhaps kept again under the new key.
  return (await shares.replace(id, before, after)) ? 'rewrapped' : undefined;
}
