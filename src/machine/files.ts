import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { ClusterError, wordsOf } from '../common/index.js';

/**
 * Makes a folder with all above it that are missing (0700), one after another: where a file system lets none be made, as
 * below /proc, the recursive `mkdir` of Node 20 tries for ever.
 *
 * @throws ClusterError `invalid-request` (`FOLDER_NOT_MADE`) naming the folder that cannot be made, and why.
 */
export function makeFolder(path: string): void {
  const missing: string[] = [];
  for (let at = resolve(path); !existsSync(at) && dirname(at) !== at; at = dirname(at)) {
    missing.unshift(at);
  }
  for (const each of missing) {
    try {
      mkdirSync(each, { mode: 0o700 });
    } catch (cause) {
      if (existsSync(each)) continue;
      throw new ClusterError('invalid-request', `${each} cannot be made: ${systemWords(cause)}`, {
        reason: 'FOLDER_NOT_MADE',
        cause,
      });
    }
  }
}

/**
 * Writes a file that only its owner reads (0600), durably. It must not exist: a key is never overwritten.
 *
 * @throws the system's `EEXIST`.
 */
export function writePrivateFile(path: string, content: string): void {
  create(path, content, 0o600);
}

/** Writes a file readable by all users (0644), durably. It must not exist. */
export function writePublicFile(path: string, content: string): void {
  create(path, content, 0o644);
}

/** Writes a private file, whole or not at all in any crash; a file that exists is replaced. */
export function replacePrivateFile(path: string, content: string): void {
  const fresh = `${path}.${process.pid}`;
  writeDurably(fresh, content, 'w', 0o600);
  renameSync(fresh, path);
  syncFolder(dirname(path));
}

/**
 * Removes what {@link replacePrivateFile} has left beside `path` in processes that ended before the new file was whole. None
 * may be at it meanwhile.
 */
export function removeUnfinished(path: string): void {
  const [folder, name] = [dirname(path), basename(path)];
  for (const other of readdirSync(folder)) {
    const isLeft = other.startsWith(`${name}.`) && /^\d+$/.test(other.slice(name.length + 1));
    if (isLeft) rmSync(join(folder, other));
  }
}

/** The words of an error of the system, without the class that they come in. */
function systemWords(error: unknown): string {
  const known = typeof error === 'object' && error !== null && 'message' in error;
  return known ? String(error.message) : wordsOf(error);
}

function create(path: string, content: string, mode: number): void {
  writeDurably(path, content, 'wx', mode);
  syncFolder(dirname(path));
}

function writeDurably(path: string, content: string, flags: string, mode: number): void {
  const file = openSync(path, flags, mode);
  try {
    writeFileSync(file, content);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** Makes what was renamed to `path` durable under that name. */
export function syncFolderOf(path: string): void {
  syncFolder(dirname(path));
}

function syncFolder(path: string): void {
  const folder = openSync(path, 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
