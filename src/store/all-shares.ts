import { sharePages } from '../ports/index.js';
import type { ShareId, ShareStore } from '../ports/index.js';

/** All ids of a store, in order; those that are written or deleted meanwhile may be among them. */
export async function* allShares(store: ShareStore): AsyncGenerator<ShareId> {
  for await (const page of sharePages(store)) yield* page;
}

/** Claims that a store has no record at all. */
export async function isEmpty(store: ShareStore): Promise<boolean> {
  return (await store.list({ limit: 1 })).items.length === 0;
}

/** Deletes every record, and gives how many there were. */
export async function deleteAll(
  store: ShareStore,
  onDeleted: (count: number) => void = () => undefined,
): Promise<number> {
  let count = 0;
  for await (const id of allShares(store)) {
    await store.delete(id);
    onDeleted((count += 1));
  }
  return count;
}

/** How many records a store has. */
export async function countOf(store: ShareStore): Promise<number> {
  let count = 0;
  for await (const page of sharePages(store)) count += page.length;
  return count;
}
