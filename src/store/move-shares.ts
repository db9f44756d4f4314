import { ClusterError, equal } from '../common/index.js';
import { ShareStoreError } from '../ports/index.js';
import type { ShareId } from '../ports/index.js';
import { allShares, countOf, deleteAll, isEmpty } from './all-shares.js';
import { elsewhere, moving } from './placement.js';
import { ACTIVE } from './standing.js';
import type { StandingStore } from './standing.js';

/** The outcome of a move: shares in the new store, how many were copied now, and how many deleted in the old one. */
export type Moved = { readonly shares: number; readonly copied: number; readonly deleted: number };

export type MoveStep = 'copy' | 'verify' | 'delete';

/** Called after each share, with how many there have been in this step. */
export type OnMoved = (step: MoveStep, count: number) => void;

/**
 * Moves a node's shares from one store to another. The node does not run. An interrupted move is taken up by another call;
 * before the old store is `left`, all it holds has been read back from the new one, and nothing is deleted in it before.
 * At no time are both stores active:
 *
 *   old active, new filling: copied, then compared → old left, new filling → old left, new active → old deleted
 *
 * @throws ClusterError `wrong-state` (`SHARES_MOVING`, `SHARES_ELSEWHERE`) when the stores say that shares are or move elsewhere;
 * `already-exists` (`KEY_SHARE_EXISTS`) when the new store has shares in use; `data-loss` (`KEY_SHARE_READ_BACK`).
 * @throws {ShareStoreError} A store is unavailable, or a record of the old one damaged. The old store is active then.
 */
export async function moveShares(
  from: StandingStore,
  to: StandingStore,
  onMoved: OnMoved = () => undefined,
): Promise<Moved> {
  const [old, next] = [from.standing(), to.standing()];
  const hasLeft = old.state === 'left' && old.to === to.storeId;
  if (hasLeft && next.state === 'active') return finish(from, to, 0, onMoved);

  let copied = 0;
  const isFilling = next.state === 'filling' && next.from === from.storeId;
  if (old.state === 'active') {
    const cameFromThere = next.state === 'left' && next.to === from.storeId;
    if (next.state === 'active' && !(await isEmpty(to)))
      throw new ClusterError(
        'already-exists',
        `${from.name} and ${to.name} both hold key shares in use: one of them is not this node's any more`,
        { reason: 'KEY_SHARE_EXISTS' },
      );
    if (!isFilling && !cameFromThere && next.state !== 'active') throw strange(to);
    if (!isFilling) await to.stand({ state: 'filling', from: from.storeId });
    copied = await copy(from, to, onMoved);
  } else if (!(hasLeft && isFilling)) throw strange(from);

  await verify(from, to, onMoved);
  if (!hasLeft) await from.stand({ state: 'left', to: to.storeId });
  await to.stand(ACTIVE);
  return finish(from, to, copied, onMoved);
}

/** Makes the new store hold what the old one holds, and no more. */
async function copy(from: StandingStore, to: StandingStore, onMoved: OnMoved): Promise<number> {
  let count = 0;
  for await (const id of allShares(from)) {
    const sealed = await from.get(id);
    if (sealed !== undefined) await putAnew(to, id, sealed);
    onMoved('copy', (count += 1));
  }
  for await (const id of allShares(to)) {
    // Left behind by a node that went on with the old store after an interrupted move.
    if ((await from.get(id)) === undefined) await to.delete(id);
  }
  return count;
}

/** No node uses the store: what an earlier move left there under the name gives way. */
async function putAnew(to: StandingStore, id: ShareId, sealed: Uint8Array): Promise<void> {
  const isSame = async () => {
    const put = await to.putIfAbsent(id, sealed);
    return put.absent || equal(put.present, sealed);
  };
  const isThere = await isSame().catch((error: unknown) => {
    if (error instanceof ShareStoreError && error.kind === 'damaged') return false;
    throw error;
  });
  if (isThere) return;
  await to.delete(id);
  await to.putIfAbsent(id, sealed);
}

async function verify(from: StandingStore, to: StandingStore, onMoved: OnMoved): Promise<void> {
  let count = 0;
  for await (const id of allShares(from)) {
    const [there, here] = [await to.get(id), await from.get(id)];
    if (there === undefined || here === undefined || !equal(there, here)) throw differs(id, to);
    onMoved('verify', (count += 1));
  }
}

/** Deletes what the store that was left still holds; afterwards it is empty. */
async function finish(
  from: StandingStore,
  to: StandingStore,
  copied: number,
  onMoved: OnMoved,
): Promise<Moved> {
  const deleted = await deleteAll(from, (count) => onMoved('delete', count));
  return { shares: await countOf(to), copied, deleted };
}

/** A store that is neither in use nor part of this move. */
function strange(store: StandingStore): ClusterError {
  const standing = store.standing();
  return standing.state === 'left'
    ? elsewhere(`The key shares have left ${store.name} for the store ${standing.to}`)
    : moving(store);
}

function differs({ keyId, sessionId }: ShareId, { name }: StandingStore): ClusterError {
  return new ClusterError(
    'data-loss',
    `The key share of ${keyId}, session ${sessionId}, is not the same in ${name}; nothing was deleted`,
    { reason: 'KEY_SHARE_READ_BACK' },
  );
}
