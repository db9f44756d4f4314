import type { Database } from 'lmdb';
import { ClusterError } from '../../common/index.js';
import { diskError } from '../disk-space.js';

/** Keys and values are bytes; lmdb orders keys bytewise. */
export type Table = Database<Uint8Array, Uint8Array>;

/** A range of lmdb begins at a default key of its own unless told. This is below every key but the empty, which is none. */
export const LOWEST_KEY = Uint8Array.of(0);

const NOT_COMMITTED =
  'The store did not commit, and what is on the disk is not known: the node ends, and has acknowledged nothing of it. Look at ' +
  'the disk and its cables before it is started again';

/**
 * Waits until a write is durable. lmdb hides why a commit failed in a promise of its own: that becomes the cause.
 *
 * @param path - The environment's directory.
 * @throws ClusterError `data-loss` (`WRITE_FAILED`), for a failed sync and for a disk that filled in the midst of a write alike: what
 * is on the disk, or in lmdb's memory, is not known.
 */
export async function durable<T>(path: string, write: Promise<T>): Promise<T> {
  return await write.catch(async (error: unknown) => {
    const reason = diskError(path, await reasonOf(error));
    throw new ClusterError('data-loss', NOT_COMMITTED, { reason: 'WRITE_FAILED', cause: reason });
  });
}

async function reasonOf(error: unknown): Promise<unknown> {
  if (!(error instanceof Error && 'commitError' in error)) return error;
  try {
    await error.commitError;
    return error;
  } catch (reason) {
    return reason;
  }
}
