import { link, mkdir, open, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { compareText, equal, keyId, sessionId } from '../../src/common/index.js';
import { ShareStoreError } from '../../src/ports/index.js';
import type {
  PutResult,
  ShareId,
  SharePage,
  SharePageRequest,
  ShareStore,
} from '../../src/ports/index.js';
import {
  shareFromBytes,
  shareName,
  sharePage,
  shareToBytes,
} from '../../src/store/share-records.js';

const SESSION_CHARS = 64;
const UNFINISHED = 'unfinished-';

/** A toy share store: a folder with one file for each share. */
export async function openFileShareStore(folder: string): Promise<ShareStore> {
  await mkdir(folder, { recursive: true });
  return new FileShareStore(folder);
}

/** The file of a share. The session comes first, so that no key id is a path. */
export function shareFile(folder: string, { keyId: key, sessionId: session }: ShareId): string {
  return join(folder, `${session}@${key}`);
}

class FileShareStore implements ShareStore {
  readonly #folder: string;
  #number = 0;
  /** One after the other: no other process writes in the folder. */
  #replacing: Promise<unknown> = Promise.resolve();

  constructor(folder: string) {
    this.#folder = folder;
  }

  putIfAbsent(id: ShareId, sealed: Uint8Array): Promise<PutResult> {
    const bytes = shareToBytes(id, sealed);
    return told(async () => {
      const whole = join(this.#folder, `${UNFINISHED}${++this.#number}`);
      try {
        await writeFile(whole, bytes, { flush: true });
        // A link is made in one step, and to no name that exists: of many writers one is the first.
        await link(whole, shareFile(this.#folder, id));
      } catch (error) {
        if (codeOf(error) !== 'EEXIST') throw error;
        const present = await this.get(id);
        if (present !== undefined) return { absent: false, present };
        throw error;
      } finally {
        await rm(whole, { force: true });
        await this.#sync();
      }
      return { absent: true };
    });
  }

  replace(id: ShareId, before: Uint8Array, after: Uint8Array): Promise<boolean> {
    const bytes = shareToBytes(id, after);
    const expected = Uint8Array.from(before);
    const replaced = this.#replacing.then(() =>
      told(async () => {
        const present = await this.get(id);
        if (present === undefined || !equal(present, expected)) return false;
        const whole = join(this.#folder, `${UNFINISHED}${++this.#number}`);
        await writeFile(whole, bytes, { flush: true });
        await rename(whole, shareFile(this.#folder, id));
        await this.#sync();
        return true;
      }),
    );
    this.#replacing = replaced.catch(() => undefined);
    return replaced;
  }

  get(id: ShareId): Promise<Uint8Array | undefined> {
    return told(async () => {
      try {
        return shareFromBytes(id, await readFile(shareFile(this.#folder, id)));
      } catch (error) {
        if (codeOf(error) === 'ENOENT') return undefined;
        throw error;
      }
    });
  }

  delete(id: ShareId): Promise<void> {
    return told(async () => {
      await rm(shareFile(this.#folder, id), { force: true });
      await this.#sync();
    });
  }

  list(page: SharePageRequest): Promise<SharePage> {
    return told(async () => {
      const after = page.after === undefined ? '' : shareName(page.after);
      const files = await readdir(this.#folder);
      const names = files
        .filter((file) => !file.startsWith(UNFINISHED))
        .map((file) => shareName(idOf(file)))
        .filter((name) => name > after)
        .sort(compareText);
      return sharePage(page, names);
    });
  }

  async close(): Promise<void> {
    // Nothing is held.
  }

  /** What stands in the folder is durable when this resolves. */
  async #sync(): Promise<void> {
    await using folder = await open(this.#folder);
    await folder.sync();
  }
}

function idOf(file: string): ShareId {
  return {
    sessionId: sessionId(file.slice(0, SESSION_CHARS)),
    keyId: keyId(file.slice(SESSION_CHARS + 1)),
  };
}

function codeOf(error: unknown): unknown {
  return typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
}

/** Whatever the disk says, the caller learns in the words of the port. */
async function told<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof ShareStoreError) throw error;
    throw new ShareStoreError('unavailable', 'The folder of key shares cannot be used', error);
  }
}
