import { chmodSync, mkdirSync } from 'node:fs';
import { open } from 'lmdb';
import type { RootDatabase } from 'lmdb';
import type { ConsensusStore, ShareStore } from '../../ports/index.js';
import { LmdbConsensusStore } from './consensus-store.js';
import { LmdbShareStore } from './share-store.js';
import type { Table } from './table.js';

export type LmdbStore = {
  readonly consensus: ConsensusStore;
  readonly shares: ShareStore;
  /** Closes both and the environment, when what is being written is durable. May be called again. */
  close(): Promise<void>;
};

const BINARY = { encoding: 'binary', keyEncoding: 'binary', cache: false } as const;

/**
 * Opens one lmdb environment in the directory `path` (made if need be, 0700). lmdb would let a second process in: whoever
 * calls this holds the data directory's lock.
 *
 * The options matter. `overlappingSync: false`: data is synced before the meta page that names it, and a resolved write is
 * durable. `noMemInit: false`: pages are zeroed first, so that no memory of this process, which holds key shares, gets into
 * the file. `eventTurnBatching: false`: what must be one transaction is one batch, and a commit that fails rejects the
 * promise that is awaited, not one of lmdb's own besides. `encryptionKey` is not used: it ends the process (lmdb 3.5.6),
 * and what is secret comes sealed.
 * All tables are opened here: opening one later would split a transaction that is being written.
 */
export async function openLmdbStore(path: string): Promise<LmdbStore> {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  chmodSync(path, 0o700);
  const root: RootDatabase<Uint8Array, Uint8Array> = open({
    ...BINARY,
    path,
    noSubdir: false,
    overlappingSync: false,
    noMemInit: false,
    eventTurnBatching: false,
  });
  const table = (name: string): Table => root.openDB({ ...BINARY, name });

  let users = 2;
  const release = async (): Promise<void> => {
    users -= 1;
    if (users === 0) await root.close();
  };
  const tables = { log: table('log'), meta: table('meta'), state: table('state') };
  const consensus = new LmdbConsensusStore(root, tables, release);
  const shares = new LmdbShareStore(table('shares'), release);
  return {
    consensus,
    shares,
    async close() {
      await Promise.all([consensus.close(), shares.close()]);
    },
  };
}
