import { renameSync, statSync } from 'node:fs';
import { ClusterError, codeOf, isKeyExposed } from '../common/index.js';
import { usageError } from './exit-codes.js';

/** The words in which the system says that there is no such file. */
const ABSENT = new Set(['ENOENT', 'ENOTDIR']);

/**
 * Whether a file or folder is there.
 *
 * @throws ClusterError `invalid-request` when that cannot be known, for want of a permission for example.
 */
export function isThere(path: string): boolean {
  try {
    statSync(path);
    return true;
  } catch (error) {
    const code = systemWord(error);
    if (ABSENT.has(code)) return false;
    throw usageError(`${path} cannot be read (${code})`);
  }
}

/**
 * Refuses a private key that other users of this machine can read, as a node refuses its own.
 *
 * @throws ClusterError `invalid-request` (`KEY_FILE_EXPOSED`)
 */
export function requirePrivate(path: string): void {
  const { mode, uid } = statSync(path);
  if (!isKeyExposed({ mode, uid }, process.geteuid?.())) return;
  throw new ClusterError(
    'invalid-request',
    `${path}: others than its owner may read or change it (mode ${(mode & 0o777).toString(8)}); ` +
      'chmod 600, and think about who had access',
    { reason: 'KEY_FILE_EXPOSED' },
  );
}

/** Renames a file that is longer than `bytesMax` to `….1`, in place of the one before. */
export function setAside(path: string, bytesMax: number): void {
  if (isThere(path) && statSync(path).size > bytesMax) renameSync(path, `${path}.1`);
}

/** The system's word for an error, `ENOENT` or `EACCES`; its own words when it has none. */
export function systemWord(error: unknown): string {
  return codeOf(error) || String(error);
}
