import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { open } from 'lmdb';
import { equal, toHex } from '../../common/index.js';
import { numberFromBytes } from '../records.js';
import { FORMAT_KEY, FRONT_REMOVED_FORMAT, OWNER_KEY, STORE_FORMAT } from './environment.js';

/** Records of one table that are looked at: all of a store that is in use for weeks. */
const RECORDS_MAX = 1_000_000;

/**
 * Opens a store that no process has open, reads its keys, and writes nothing: its data file stays as it is.
 *
 * @param identityKey - Of the node that it must be of, where that is known.
 * @returns The number of its records.
 * @throws Error in words for a person: it is not there, is damaged, or is another's.
 */
export async function lookAtStore(
  path: string,
  identityKey: Uint8Array | undefined,
): Promise<number> {
  if (!existsSync(join(path, 'data.mdb'))) throw new Error(`there is no store ${path}`);
  const options = { encoding: 'binary', keyEncoding: 'binary', cache: false } as const;
  const root = open<Uint8Array, Uint8Array>({
    ...options,
    path,
    noSubdir: false,
    readOnly: true,
  });
  try {
    const names = [...root.getKeys()].map((name) =>
      new TextDecoder().decode(name).replace(/\0$/, ''),
    );
    if (!names.includes('format')) throw new Error(`${path} has no format: it is no store of ours`);
    let records = 0;
    for (const name of names) {
      const table = root.openDB<Uint8Array, Uint8Array>({ ...options, name });
      records += table.getKeysCount({ limit: RECORDS_MAX });
      if (name !== 'format') continue;
      const [format, owner] = [table.get(FORMAT_KEY), table.get(OWNER_KEY)];
      const number = format === undefined ? undefined : numberFromBytes(format);
      if (number !== STORE_FORMAT && number !== FRONT_REMOVED_FORMAT)
        throw new Error(
          `${path} is of format ${number ?? 'unknown'}, which this release does not read`,
        );
      if (identityKey !== undefined && owner !== undefined && !equal(owner, identityKey))
        throw new Error(`${path} belongs to the identity ${toHex(owner)}, not to this node's`);
    }
    return records;
  } finally {
    await root.close();
  }
}
