import { chmodSync, existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { open } from 'lmdb';
import type { RootDatabase } from 'lmdb';
import {
  ClusterError,
  damagedLog,
  equal,
  toHex,
  u64be,
  utf8,
  wordsOf,
} from '../../common/index.js';
import { diskError, requireSpace } from '../disk-space.js';
import { numberFromBytes } from '../records.js';
import { durable } from './table.js';
import type { Table } from './table.js';

type Tables = Readonly<Record<string, Table>>;

export type Environment<T extends Tables> = {
  readonly root: RootDatabase<Uint8Array, Uint8Array>;
  readonly tables: T;
  /** Of the environment itself: its format, its owner, and what else there is to say of it as a whole. */
  readonly own: Table;
  /**
   * To be called in a batch that removes entries from the front of the log: builds that know no such log refuse the store for
   * its format, and do not take what is left for damage.
   */
  markFrontRemoved(): Promise<boolean>;
  /** Waits until a write is durable; see `durable` in `table.ts`. */
  durable<W>(write: Promise<W>): Promise<W>;
  /** Synced writes asked for since it was opened. */
  writeCount(): number;
  close: () => Promise<void>;
};

/** A store that counts its synced writes, each a transaction of its own. */
export type WriteCounted = { writeCount(): number };

/** The identity that a store is of. */
export type StoreOwner = {
  /** The public half of the node's identity key, 32 bytes. */
  readonly identityKey: Uint8Array;
  /** Whether identity and store are made in this act: no other makes a store. */
  readonly isNew: boolean;
};

/**
 * The layout of an environment: which tables it has, what their keys are, and what each record begins with. Recorded in a
 * table of its own when the environment is made, and required at every opening.
 */
export const STORE_FORMAT = 1;
/** The same, with a log whose first entries were removed. */
export const FRONT_REMOVED_FORMAT = 2;
/** lmdb's words for a file that is not what it has written: by their names in its header, and as it tells them. */
const DAMAGED =
  /MDB_(CORRUPTED|INVALID|PAGE_NOTFOUND|VERSION_MISMATCH)|not an LMDB file|Located page was wrong type|page not found/i;
export const FORMAT_KEY = utf8('format');
export const OWNER_KEY = utf8('owner');
/** lmdb's own name for its file. */
const DATA_FILE = 'data.mdb';
const BINARY = { encoding: 'binary', keyEncoding: 'binary', cache: false } as const;

/**
 * Opens one lmdb environment in the directory `path` (0700). lmdb would let a second process in: the caller
 * holds the data directory's lock.
 *
 * The options matter. `overlappingSync: false`: data is synced before the meta page that names it, and a resolved write is
 * durable. `noMemInit: false`: pages are zeroed first, so that no memory of this process, which holds key shares, gets into
 * the file. `eventTurnBatching: false`: what must be one transaction is one batch, and a commit that fails rejects the
 * promise that is awaited, not one of lmdb's own besides. `encryptionKey` is not used: it ends the process (lmdb 3.5.6),
 * and what is secret comes sealed.
 * All tables are opened here: opening one later would split a transaction that is being written.
 *
 * @param tablesOf - Opens the tables by name.
 * @param owner - Of a node's store (trust: first start). Without one, as in tests, a store is any reader's, and made if need be.
 * @param formats - Those that may be opened.
 * @throws ClusterError `unsupported` (`STORE_FORMAT`) when it was written in another format, `wrong-state` (`DISK_FULL`), or
 * another owner's (`DATA_DIRECTORY_FOREIGN`); `data-loss` (`LOG_LOST`) when there is none and this is not the act that makes it.
 */
export async function openEnvironment<T extends Tables>(
  path: string,
  tablesOf: (table: (name: string) => Table) => T,
  owner?: StoreOwner,
  formats: readonly number[] = [STORE_FORMAT],
): Promise<Environment<T>> {
  requireFirst(path, owner);
  mkdirSync(path, { recursive: true, mode: 0o700 });
  chmodSync(path, 0o700);
  requireSpace(path);
  try {
    return await openIn(path, tablesOf, owner, formats);
  } catch (error) {
    throw DAMAGED.test(wordsOf(error)) && !(error instanceof ClusterError)
      ? damagedLog(`The store ${path} cannot be read`, error)
      : diskError(path, error);
  }
}

async function openIn<T extends Tables>(
  path: string,
  tablesOf: (table: (name: string) => Table) => T,
  owner: StoreOwner | undefined,
  formats: readonly number[],
): Promise<Environment<T>> {
  const root: RootDatabase<Uint8Array, Uint8Array> = open({
    ...BINARY,
    path,
    noSubdir: false,
    overlappingSync: false,
    noMemInit: false,
    eventTurnBatching: false,
  });
  try {
    const table = (name: string): Table => root.openDB({ ...BINARY, name });
    const tables = tablesOf(table);
    const own = table('format');
    await requireFormat(path, own, Object.values(tables), formats);
    await requireOwner(path, own, owner);
    let writes = 0;
    return {
      root,
      tables,
      own,
      markFrontRemoved: () => own.put(FORMAT_KEY, u64be(FRONT_REMOVED_FORMAT)),
      durable: (write) => {
        writes += 1;
        return durable(path, write);
      },
      writeCount: () => writes,
      close: () => root.close(),
    };
  } catch (error) {
    await root.close();
    throw error;
  }
}

/** Records the format of a new environment, and requires it of one that was there before. */
async function requireFormat(
  path: string,
  own: Table,
  tables: readonly Table[],
  formats: readonly number[],
): Promise<void> {
  const bytes = own.get(FORMAT_KEY);
  const isNew = tables.every((table) => table.getKeysCount({ limit: 1 }) === 0);
  if (bytes === undefined && isNew) {
    await durable(path, own.put(FORMAT_KEY, u64be(STORE_FORMAT)));
    return;
  }
  const found = bytes === undefined ? undefined : numberFromBytes(bytes);
  if (found !== undefined && formats.includes(found)) return;
  throw new ClusterError(
    'unsupported',
    `The store ${path} is of format ${found ?? 'unknown'}; this release reads format ${formats.join(' or ')}`,
    { reason: 'STORE_FORMAT' },
  );
}

/** A store is made together with its identity, and at no later time: so no node can begin anew with an empty log. */
function requireFirst(path: string, owner: StoreOwner | undefined): void {
  if (owner === undefined) return;
  const isThere = existsSync(join(path, DATA_FILE));
  if (isThere && owner.isNew) {
    throw new ClusterError('already-exists', `There is a store already: ${path}`, {
      reason: 'NODE_EXISTS',
    });
  }
  if (!isThere && !owner.isNew) throw lost(path);
}

async function requireOwner(
  path: string,
  own: Table,
  owner: StoreOwner | undefined,
): Promise<void> {
  if (owner === undefined) return;
  const named = own.get(OWNER_KEY);
  if (named === undefined && owner.isNew) {
    await durable(path, own.put(OWNER_KEY, owner.identityKey));
    return;
  }
  // lmdb makes an empty environment of an empty file.
  if (named === undefined) throw lost(path);
  if (equal(named, owner.identityKey)) return;
  throw new ClusterError(
    'wrong-state',
    `The store ${path} belongs to the identity ${toHex(named)}, not to this node's`,
    { reason: 'DATA_DIRECTORY_FOREIGN' },
  );
}

function lost(path: string): ClusterError {
  return new ClusterError(
    'data-loss',
    `There is no store ${path} of this identity key, and a store is made only together with its identity. ` +
      'A node that has lost its log must not vote again under its old name',
    { reason: 'LOG_LOST' },
  );
}
