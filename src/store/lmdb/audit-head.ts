import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { open } from 'lmdb';
import type { RootDatabase } from 'lmdb';
import type { AuditHead } from '../../ports/index.js';
import { auditHeadFromBytes } from '../records.js';
import { AUDIT_KEY } from './keys.js';

const BINARY = { encoding: 'binary', keyEncoding: 'binary', cache: false } as const;

/**
 * The end of the audit log that the store at `path` knows; `undefined` where it knows none. It only reads, also beside a node
 * that runs, which then may be ahead of it.
 *
 * @throws what lmdb does for a file that is none of its own, and ClusterError `data-loss`.
 */
export async function readAuditHead(path: string): Promise<AuditHead | undefined> {
  // lmdb would make what is not there.
  if (!existsSync(join(path, 'data.mdb'))) return undefined;
  const root: RootDatabase<Uint8Array, Uint8Array> = open({
    ...BINARY,
    path,
    noSubdir: false,
    readOnly: true,
  });
  try {
    const bytes = root.openDB<Uint8Array, Uint8Array>({ ...BINARY, name: 'meta' }).get(AUDIT_KEY);
    return bytes === undefined ? undefined : auditHeadFromBytes(bytes);
  } finally {
    await root.close();
  }
}
