import { assert } from '../common/index.js';
import type { ConsensusStore, ShareStore } from '../ports/index.js';
import { openLmdbConsensusStore } from './lmdb/consensus-store.js';
import type { StoreOwner, WriteCounted } from './lmdb/environment.js';
import { openLmdbShareStore } from './lmdb/share-store.js';
import type { MongoPlace } from './mongo/place.js';
import { openMongoShareStore } from './open-mongo.js';
import { placeElsewhere, requireEmbedded } from './placement.js';
import type { StandingStore } from './standing.js';

/** Where a node keeps what. */
export type StorePaths = { readonly logPath: string; readonly sharesPath: string };

export type Stores = {
  readonly consensus: ConsensusStore;
  readonly shares: ShareStore;
  /** Synced writes of both since they were opened. */
  writeCount(): number;
  /** Closes all, when what is being written is durable. May be called again. */
  close(): Promise<void>;
};

/**
 * Opens what a node keeps: the log with the replicated state, and the key shares, apart from each other. No transaction
 * spans the two, so the key shares can be kept elsewhere.
 *
 * @param owner - The identity that all must be of; see {@link StoreOwner}.
 * @param elsewhere - The database that has the key shares, where they are not in the embedded store.
 * @throws ClusterError `unsupported` (`STORE_FORMAT`) when one of them was written in another format, `data-loss` (`LOG_LOST`) when
 * one is not there, `wrong-state` when it is another owner's; for key shares elsewhere also as `openMongo` and
 * {@link placeElsewhere} do. None stays open.
 */
export async function openStores(
  { logPath, sharesPath }: StorePaths,
  owner?: StoreOwner,
  elsewhere?: MongoPlace,
): Promise<Stores> {
  const opened: (ConsensusStore | ShareStore)[] = [];
  const close = async () => {
    await Promise.all(opened.map((store) => store.close()));
  };
  try {
    const consensus = await openLmdbConsensusStore(logPath, owner);
    opened.push(consensus);
    const embedded = await openLmdbShareStore(sharesPath, owner);
    opened.push(embedded);
    const shares = await placed(embedded, owner, elsewhere);
    if (shares !== embedded) opened.push(shares);
    const writeCount = () => consensus.writeCount() + shares.writeCount();
    return { consensus, shares, writeCount, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function placed(
  embedded: StandingStore & WriteCounted,
  owner: StoreOwner | undefined,
  elsewhere: MongoPlace | undefined,
): Promise<StandingStore & WriteCounted> {
  if (elsewhere === undefined) {
    requireEmbedded(embedded);
    return embedded;
  }
  assert(owner !== undefined, 'key shares elsewhere have an owner');
  const { identityKey } = owner;
  return placeElsewhere(embedded, (isNew) =>
    openMongoShareStore(elsewhere, { identityKey, isNew }),
  );
}
