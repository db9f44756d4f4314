import { statfsSync } from 'node:fs';
import { ClusterError } from '../common/index.js';

/** Free bytes of the file system of a folder. */
export type FreeBytes = (folder: string) => number;

/**
 * Stores are opened where at least this is free: lmdb maps its files, and a page of a map that the disk has no room for ends
 * the process by a signal (SIGBUS), without a word.
 */
export const FREE_BYTES_MIN = 1024 * 1024;
/** A write that fails as an "Input/output error" while less than this is free has failed for want of space. */
const FULL_BELOW_BYTES = 16 * 1024 * 1024;

/** ENOSPC and EDQUOT of Linux, then of macOS and BSD: lmdb gives numbers and texts, and no names. */
const FULL = /\b(ENOSPC|EDQUOT)\b|No space left on device|Disk quota exceeded/i;
/** lmdb's own word for a write of which the disk took only a part. */
const SHORT_WRITE = /Input\/output error|\bEIO\b/;

/** @throws ClusterError `wrong-state` (`DISK_FULL`). */
export function requireSpace(folder: string, freeBytes: FreeBytes = freeBytesOf): void {
  const free = freeBytes(folder);
  if (free < FREE_BYTES_MIN) throw diskFull(folder, free);
}

/** The error of a write or an opening, told as a full disk where it is one. */
export function diskError(
  folder: string,
  error: unknown,
  freeBytes: FreeBytes = freeBytesOf,
): unknown {
  const words = error instanceof Error ? error.message : String(error);
  const [full, short] = [FULL.test(words), SHORT_WRITE.test(words)];
  if (!full && !short) return error;
  const free = freeBytes(folder);
  return full || free < FULL_BELOW_BYTES ? diskFull(folder, free, error) : error;
}

function freeBytesOf(folder: string): number {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
}

function diskFull(folder: string, free: number, cause?: unknown): ClusterError {
  return new ClusterError(
    'wrong-state',
    `The disk of ${folder} is full: ${Math.floor(free / 1024)} KiB are free. Make room and start the node again`,
    { reason: 'DISK_FULL', ...(cause === undefined ? {} : { cause }) },
  );
}
