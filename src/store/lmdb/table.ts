import type { Database } from 'lmdb';
import { ClusterError } from '../../common/index.js';
import { diskError } from '../disk-space.js';

/** Keys and values are bytes; lmdb orders keys bytewise. */
export type Table = Database<Uint8Array, Uint8Array>;

/** A range of lmdb begins at a default key of its own unless told. This is below every key but the empty, which is none. */
export const LOWEST_KEY = Uint8Array.of(0);

/**
 * Waits until a write is durable. lmdb hides why a commit failed in a promise of its own: that becomes the cause.
 *
 * @param path - The environment's directory.
 * @throws ClusterError `wrong-state` (`DISK_FULL`), and for other failures an error with its cause.
 */
export async function durable<T>(path: string, write: Promise<T>): Promise<T> {
  return await write.catch(async (error: unknown) => {
    const reason = diskError(path, await reasonOf(error));
    if (reason instanceof ClusterError) throw reason;
    throw new Error('The store did not commit', { cause: reason });
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
