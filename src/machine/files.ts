import { closeSync, fsyncSync, openSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

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

function syncFolder(path: string): void {
  const folder = openSync(path, 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
