import { ClusterError } from '../common/index.js';
import { openDataDirectory } from '../machine/index.js';
import { ShareStoreError } from '../ports/index.js';
import {
  EMBEDDED,
  moveShares,
  openLmdbShareStore,
  openMongoShareStore,
  requireEmbedded,
  requireHere,
} from '../store/index.js';
import type { Moved, OnMoved, StandingStore } from '../store/index.js';
import type { NodeConfig } from './config.js';
import { readGenesis } from './holdings.js';
import { mongoPlace } from './mongo-place.js';

/** The outcome of a move, with the names of the two stores. */
export type StoreMove = Moved & { readonly to: string; readonly from: string | undefined };

/**
 * Moves a node's key shares into the store that its configuration names, from the one that they are in. The node must not run:
 * its data directory is locked meanwhile. The node key is not needed: shares are moved as they are, sealed.
 *
 * @throws ClusterError as the stores, the data directory and {@link moveShares} do, with a reason.
 */
export async function moveStore(config: NodeConfig, onMoved?: OnMoved): Promise<StoreMove> {
  const genesis = readGenesis(config);
  const member = genesis.members.find(({ nodeId }) => nodeId === config.nodeId);
  const identityKey = member?.identityKey ?? new Uint8Array();
  const owner = { clusterId: genesis.clusterId, nodeId: config.nodeId };
  const directory = await openDataDirectory(config.dataDir, owner);
  const opened: StandingStore[] = [];
  try {
    const embedded = await openLmdbShareStore(directory.sharesPath, { identityKey, isNew: false });
    opened.push(embedded);
    const other = await openOther(config, embedded, identityKey);
    if (other !== undefined) opened.push(other);
    return await move(config, embedded, other, onMoved);
  } catch (error) {
    throw worded(error);
  } finally {
    await Promise.all(opened.map((store) => store.close()));
    await directory.release();
  }
}

async function openOther(
  { store: { kind, mongodb } }: NodeConfig,
  embedded: StandingStore,
  identityKey: Uint8Array,
): Promise<StandingStore | undefined> {
  if (mongodb === undefined) return undefined;
  const mayMake = kind === 'mongodb' && embedded.standing().state === 'active';
  const isNew = mayMake ? ({ state: 'filling', from: EMBEDDED } as const) : undefined;
  return openMongoShareStore(mongoPlace(mongodb), { identityKey, isNew });
}

async function move(
  { store: { kind } }: NodeConfig,
  embedded: StandingStore,
  other: StandingStore | undefined,
  onMoved: OnMoved | undefined,
): Promise<StoreMove> {
  if (kind === 'mongodb') {
    const to = other ?? requireHere(embedded);
    return { ...(await moveShares(embedded, to, onMoved)), from: embedded.name, to: to.name };
  }
  if (other !== undefined)
    return { ...(await moveShares(other, embedded, onMoved)), from: other.name, to: embedded.name };
  requireEmbedded(embedded);
  return { shares: 0, copied: 0, deleted: 0, from: undefined, to: embedded.name };
}

/** A store's failure as a command tells it. */
function worded(error: unknown): unknown {
  if (!(error instanceof ShareStoreError)) return error;
  const { kind, message, cause } = error;
  return kind === 'damaged'
    ? new ClusterError('data-loss', `${message}; nothing was deleted`, {
        reason: 'KEY_SHARE_SEAL',
        cause,
      })
    : new ClusterError('wrong-state', `${message}. Call it again: it goes on where it was`, {
        reason: 'SHARE_STORE_UNREACHABLE',
        cause,
      });
}
