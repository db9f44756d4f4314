import type { ShareId, ShareStore } from '../ports/index.js';

/** Shares that are asked for at once. */
const PAGE = 1_000;

/** All ids of a store, in order; those that are written or deleted meanwhile may be among them. */
export async function* allShares(store: ShareStore): AsyncGenerator<ShareId> {
  let after: ShareId | undefined;
  do {
    const page = await store.list({ ...(after && { after }), limit: PAGE });
    yield* page.items;
    after = page.next;
  } while (after !== undefined);
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
  let after: ShareId | undefined;
  do {
    const page = await store.list({ ...(after && { after }), limit: PAGE });
    count += page.items.length;
    after = page.next;
  } while (after !== undefined);
  return count;
}
