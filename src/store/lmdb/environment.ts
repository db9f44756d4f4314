import { chmodSync, mkdirSync } from 'node:fs';
import { open } from 'lmdb';
import type { RootDatabase } from 'lmdb';
import { ClusterError, u64be, utf8 } from '../../common/index.js';
import { diskError, requireSpace } from '../disk-space.js';
import { numberFromBytes } from '../records.js';
import { durable } from './table.js';
import type { Table } from './table.js';

type Tables = Readonly<Record<string, Table>>;

export type Environment<T extends Tables> = {
  readonly root: RootDatabase<Uint8Array, Uint8Array>;
  readonly tables: T;
  /** Waits until a write is durable; see `durable` in `table.ts`. */
  durable<W>(write: Promise<W>): Promise<W>;
  close: () => Promise<void>;
};

/**
 * The layout of an environment: which tables it has, what their keys are, and what each record begins with. Recorded in a
 * table of its own when the environment is made, and required at every opening.
 */
const STORE_FORMAT = 1;
const FORMAT_KEY = utf8('format');
const BINARY = { encoding: 'binary', keyEncoding: 'binary', cache: false } as const;

/**
 * Opens one lmdb environment in the directory `path` (made if need be, 0700). lmdb would let a second process in: the caller
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
 * @throws ClusterError `unsupported` (`STORE_FORMAT`) when it was written in another format, `wrong-state` (`DISK_FULL`).
 */
export async function openEnvironment<T extends Tables>(
  path: string,
  tablesOf: (table: (name: string) => Table) => T,
): Promise<Environment<T>> {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  chmodSync(path, 0o700);
  requireSpace(path);
  try {
    return await openIn(path, tablesOf);
  } catch (error) {
    throw diskError(path, error);
  }
}

async function openIn<T extends Tables>(
  path: string,
  tablesOf: (table: (name: string) => Table) => T,
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
    await requireFormat(path, table('format'), Object.values(tables));
    return {
      root,
      tables,
      durable: (write) => durable(path, write),
      close: () => root.close(),
    };
  } catch (error) {
    await root.close();
    throw error;
  }
}

/** Records the format of a new environment, and requires it of one that was there before. */
async function requireFormat(path: string, own: Table, tables: readonly Table[]): Promise<void> {
  const bytes = own.get(FORMAT_KEY);
  const isNew = tables.every((table) => table.getKeysCount({ limit: 1 }) === 0);
  if (bytes === undefined && isNew) {
    await durable(path, own.put(FORMAT_KEY, u64be(STORE_FORMAT)));
    return;
  }
  const found = bytes === undefined ? undefined : numberFromBytes(bytes);
  if (found === STORE_FORMAT) return;
  throw new ClusterError(
    'unsupported',
    `The store ${path} is of format ${found ?? 'unknown'}; this release reads format ${STORE_FORMAT}`,
    { reason: 'STORE_FORMAT' },
  );
}
