import { chmodSync } from 'node:fs';
import { open, readdir, rename, rm } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import type { SnapshotFile, SnapshotFiles } from '../ports/index.js';
import { makeFolder } from './files.js';
import { readPart } from './read-part.js';

/** Stands behind the name of a file that is not finished. */
const UNFINISHED = '.part';

/**
 * Files in the folder `path` (0700), which is made if need be. What an earlier run has not finished is removed when the names
 * are asked for: nothing is being written then.
 */
export function snapshotFiles(path: string): SnapshotFiles {
  makeFolder(path);
  chmodSync(path, 0o700);
  const writing = new Set<string>();
  return {
    async names() {
      const all = await readdir(path);
      const left = all.filter((name) => name.endsWith(UNFINISHED) && !writing.has(name));
      for (const name of left) await rm(join(path, name), { force: true });
      return all.filter((name) => !name.endsWith(UNFINISHED));
    },
    async create(name) {
      const part = name + UNFINISHED;
      const handle = await open(join(path, part), 'w', 0o600);
      writing.add(part);
      return new UnfinishedFile(path, name, handle, () => writing.delete(part));
    },
    read: (name, offset, length) => readPart(join(path, name), offset, length),
    remove: (name) => rm(join(path, name), { force: true }),
  };
}

class UnfinishedFile implements SnapshotFile {
  readonly #folder: string;
  readonly #name: string;
  readonly #handle: FileHandle;
  readonly #onEnd: () => void;
  #isOver = false;

  constructor(folder: string, name: string, handle: FileHandle, onEnd: () => void) {
    this.#folder = folder;
    this.#name = name;
    this.#handle = handle;
    this.#onEnd = onEnd;
  }

  async append(bytes: Uint8Array): Promise<void> {
    let written = 0;
    while (written < bytes.length) {
      const { bytesWritten } = await this.#handle.write(bytes, written, bytes.length - written);
      written += bytesWritten;
    }
  }

  async finish(): Promise<void> {
    await this.#handle.sync();
    await this.#handle.close();
    const path = join(this.#folder, this.#name);
    await rename(path + UNFINISHED, path);
    const folder = await open(this.#folder, 'r');
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
    this.#end();
  }

  async discard(): Promise<void> {
    if (this.#isOver) return;
    this.#end();
    const part = join(this.#folder, this.#name + UNFINISHED);
    // The next start removes a file that cannot be removed now.
    await Promise.allSettled([this.#handle.close(), rm(part, { force: true })]);
  }

  #end(): void {
    this.#isOver = true;
    this.#onEnd();
  }
}
