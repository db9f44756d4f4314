import { statfsSync } from 'node:fs';
import { ClusterError } from '../common/index.js';

/** Free bytes of the file system of a folder. */
export type FreeBytes = (folder: string) => number;

/**
 * Stores are opened where at least this is free: lmdb maps its files, and a page of a map that the disk has no room for ends
 * the process by a signal (SIGBUS), without a word.
 */
export const FREE_BYTES_MIN = 1024 * 1024;
/**
 * A write begins where so much is free beyond what it can take: lmdb (3.5.6) gives a transaction up that finds no room in its midst,
 * and leaves the file as it was, but not its own memory, so that a process which goes on may end at any time.
 */
export const WRITE_MARGIN_BYTES = 2 * 1024 * 1024;
/** Of lmdb. */
const PAGE_BYTES = 4096;
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

/**
 * Requires room for a transaction.
 *
 * @param bytes - Of the keys and values that it writes.
 * @param items - Records that it writes or removes: each may be on a page of its own, which is written anew.
 * @throws ClusterError `wrong-state` (`DISK_FULL`): nothing was begun.
 */
export function requireSpaceFor(
  folder: string,
  bytes: number,
  items: number,
  freeBytes: FreeBytes = freeBytesOf,
): void {
  const free = freeBytes(folder);
  if (free < WRITE_MARGIN_BYTES + 2 * bytes + items * PAGE_BYTES) throw diskFull(folder, free);
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

/** As the operating system says: what a process without privileges may use. */
export function freeBytesOf(folder: string): number {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
}

function diskFull(folder: string, free: number, cause?: unknown): ClusterError {
  return new ClusterError(
    'wrong-state',
    `The disk of ${folder} is full: ${Math.floor(free / 1024)} KiB are free. Make room`,
    { reason: 'DISK_FULL', ...(cause === undefined ? {} : { cause }) },
  );
}
