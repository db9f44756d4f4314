import { ClusterError } from '../common/index.js';
import { deleteAll, isEmpty } from './all-shares.js';
import { ACTIVE, EMBEDDED } from './standing.js';
import type { Standing, StandingStore } from './standing.js';

/** How a store elsewhere is opened; `isNew`: what it will be where there is none. `undefined`: there is none. */
export type OpenElsewhere<S> = (isNew?: Standing) => Promise<S | undefined>;

/**
 * Claims that a node's shares are in its embedded store.
 *
 * @throws ClusterError `wrong-state` (`SHARES_ELSEWHERE`, `SHARES_MOVING`).
 */
export function requireEmbedded(embedded: StandingStore): void {
  const standing = embedded.standing();
  if (standing.state === 'filling') throw moving(embedded);
  if (standing.state === 'left')
    throw elsewhere(
      `The key shares are in the store ${standing.to}, as ${embedded.name} says, and the configuration names the embedded one`,
    );
}

/**
 * The store elsewhere in which a node's shares are. The embedded store keeps which one that is, so that a node never begins
 * anew with an empty one by a mistake in its configuration. Where the node has no share yet, the store is made or adopted.
 *
 * @throws ClusterError `wrong-state` (`SHARES_ELSEWHERE`, `SHARES_MOVING`), `data-loss` (`SHARES_LOST`).
 */
export async function placeElsewhere<S extends StandingStore>(
  embedded: StandingStore,
  open: OpenElsewhere<S>,
): Promise<S> {
  const standing = embedded.standing();
  if (standing.state === 'filling') throw moving(embedded);
  if (standing.state === 'active' && !(await isEmpty(embedded)))
    throw elsewhere(
      `There are key shares in ${embedded.name}, and the configuration names another store`,
    );
  const store =
    (await open(standing.state === 'active' ? ACTIVE : undefined)) ?? requireHere(embedded);
  try {
    await settle(embedded, store);
    return store;
  } catch (error) {
    await store.close();
    throw error;
  }
}

/** @throws ClusterError `data-loss` (`SHARES_LOST`): the store that a configuration names is not there. */
export function requireHere(embedded: StandingStore): never {
  throw lost('The store of key shares that the configuration names is not there', embedded);
}

async function settle(embedded: StandingStore, store: StandingStore): Promise<void> {
  const there = store.standing();
  if (there.state === 'filling') throw moving(store);
  if (there.state === 'left')
    throw elsewhere(`The key shares have left ${store.name} for the store ${there.to}`);
  const here = embedded.standing();
  if (here.state === 'active') await embedded.stand({ state: 'left', to: store.storeId });
  else if (here.state === 'left' && here.to !== store.storeId)
    throw lost(`The key shares in ${store.name} are of the store ${store.storeId}`, embedded);
  // A move that was interrupted while it deleted: what is destroyed there must not stay here.
  await deleteAll(embedded);
}

/** The failure of whatever finds shares in between two stores. */
export function moving(store: StandingStore): ClusterError {
  return new ClusterError(
    'wrong-state',
    `The key shares are being moved, as ${store.name} says: finish it with \`quorate store migrate\``,
    { reason: 'SHARES_MOVING' },
  );
}

export function elsewhere(words: string): ClusterError {
  return new ClusterError(
    'wrong-state',
    `${words}. Correct store.kind, or move the key shares with \`quorate store migrate\``,
    { reason: 'SHARES_ELSEWHERE' },
  );
}

function lost(words: string, embedded: StandingStore): ClusterError {
  const standing = embedded.standing();
  const to = standing.state === 'left' ? standing.to : EMBEDDED;
  return new ClusterError(
    'data-loss',
    `${words}; this node's are in the store ${to}, as ${embedded.name} says. Correct store.uri or store.database, or restore ` +
      'that database',
    { reason: 'SHARES_LOST' },
  );
}
