import { chmodSync } from 'node:fs';
import { open, readdir, rm } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf } from '../common/index.js';
import type { AuditFiles } from '../ports/index.js';
import { makeFolder } from './files.js';
import { readPart } from './read-part.js';

/** Files in the folder `path` (0700), which is made if need be. */
export function auditFiles(path: string): AuditFiles {
  makeFolder(path);
  chmodSync(path, 0o700);
  return new FilesOnDisk(path);
}

/** The reading side of {@link auditFiles}, of a folder that must be there: nothing is made or changed. */
export function readAuditFiles(path: string): Pick<AuditFiles, 'names' | 'read'> {
  return new FilesOnDisk(path);
}

type OpenFile = { readonly name: string; readonly handle: FileHandle; bytes: number };

class FilesOnDisk implements AuditFiles {
  readonly #folder: string;
  /** The file that was written last, and its length. */
  #open: OpenFile | undefined;

  constructor(folder: string) {
    this.#folder = folder;
  }

  names(): Promise<readonly string[]> {
    return readdir(this.#folder);
  }

  read(name: string, offset: number, length: number): Promise<Uint8Array | undefined> {
    return readPart(join(this.#folder, name), offset, length);
  }

  async write(name: string, offset: number, bytes: Uint8Array): Promise<void> {
    try {
      const file = await this.#opened(name);
      if (file.bytes < offset) throw new Error(`${name} is shorter than what was written into it`);
      if (file.bytes > offset) await file.handle.truncate(offset);
      file.bytes = offset;
      for (let written = 0; written < bytes.length;) {
        const { bytesWritten } = await file.handle.write(
          bytes,
          written,
          bytes.length - written,
          offset + written,
        );
        written += bytesWritten;
      }
      await file.handle.datasync();
      file.bytes = offset + bytes.length;
    } catch (error) {
      // The disk may have any part of it, and after a failed sync a second one would say nothing.
      await this.close();
      throw error;
    }
  }

  remove(name: string): Promise<void> {
    return rm(join(this.#folder, name), { force: true });
  }

  async close(): Promise<void> {
    const last = this.#open;
    this.#open = undefined;
    await Promise.allSettled([last?.handle.close()]);
  }

  async #opened(name: string): Promise<OpenFile> {
    if (this.#open?.name === name) return this.#open;
    await this.close();
    const handle = await openOrMake(join(this.#folder, name));
    const file = { name, handle, bytes: 0 };
    this.#open = file;
    file.bytes = (await handle.stat()).size;
    await syncFolder(this.#folder);
    return file;
  }
}

async function openOrMake(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'r+');
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
    return open(path, 'wx', 0o600);
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
