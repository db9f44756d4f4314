import type { ConsensusStore, ShareStore } from '../ports/index.js';
import { openLmdbConsensusStore } from './lmdb/consensus-store.js';
import type { StoreOwner } from './lmdb/environment.js';
import { openLmdbShareStore } from './lmdb/share-store.js';

/** Where a node keeps what. */
export type StorePaths = { readonly logPath: string; readonly sharesPath: string };

export type Stores = {
  readonly consensus: ConsensusStore;
  readonly shares: ShareStore;
  /** Synced writes of both since they were opened. */
  writeCount(): number;
  /** Closes both, when what is being written is durable. May be called again. */
  close(): Promise<void>;
};

/**
 * Opens what a node keeps: the log with the replicated state, and the key shares, apart from each other. No transaction
 * spans the two, so the key shares could as well be kept elsewhere.
 *
 * @param owner - The identity that both must be of; see {@link StoreOwner}.
 * @throws ClusterError `unsupported` (`STORE_FORMAT`) when one of them was written in another format, `data-loss` (`LOG_LOST`) when
 * one is not there, `wrong-state` when it is another owner's; neither stays open.
 */
export async function openStores(
  { logPath, sharesPath }: StorePaths,
  owner?: StoreOwner,
): Promise<Stores> {
  const consensus = await openLmdbConsensusStore(logPath, owner);
  try {
    const shares = await openLmdbShareStore(sharesPath, owner);
    return {
      consensus,
      shares,
      writeCount: () => consensus.writeCount() + shares.writeCount(),
      close: async () => {
        await Promise.all([consensus.close(), shares.close()]);
      },
    };
  } catch (error) {
    await consensus.close();
    throw error;
  }
}
