import { compareText, equal } from '../../common/index.js';
import type {
  PutResult,
  ShareId,
  SharePage,
  SharePageRequest,
  ShareStore,
} from '../../ports/index.js';
import { shareFromBytes, shareName, sharePage, shareToBytes } from '../share-records.js';

/**
 * Sealed key shares in memory: gone with the process, otherwise as on disk.
 *
 * @param records - Where they are kept, by name. A second store on the same map is the same place opened again.
 */
export function memoryShareStore(records: Map<string, Uint8Array> = new Map()): ShareStore {
  return new MemoryShareStore(records);
}

class MemoryShareStore implements ShareStore {
  readonly #records: Map<string, Uint8Array>;

  constructor(records: Map<string, Uint8Array>) {
    this.#records = records;
  }

  async putIfAbsent(id: ShareId, sealed: Uint8Array): Promise<PutResult> {
    const bytes = shareToBytes(id, sealed);
    await Promise.resolve();
    const found = this.#records.get(shareName(id));
    if (found !== undefined) return { absent: false, present: shareFromBytes(id, found) };
    this.#records.set(shareName(id), bytes);
    return { absent: true };
  }

  async replace(id: ShareId, before: Uint8Array, after: Uint8Array): Promise<boolean> {
    const bytes = shareToBytes(id, after);
    const expected = shareToBytes(id, before);
    await Promise.resolve();
    const found = this.#records.get(shareName(id));
    if (found === undefined || !equal(found, expected)) return false;
    this.#records.set(shareName(id), bytes);
    return true;
  }

  async get(id: ShareId): Promise<Uint8Array | undefined> {
    const found = this.#records.get(shareName(id));
    return found === undefined ? undefined : shareFromBytes(id, found);
  }

  async delete(id: ShareId): Promise<void> {
    await Promise.resolve();
    this.#records.delete(shareName(id));
  }

  async list(page: SharePageRequest): Promise<SharePage> {
    const after = page.after === undefined ? '' : shareName(page.after);
    const names = [...this.#records.keys()].filter((name) => name > after).sort(compareText);
    return sharePage(page, names);
  }

  async close(): Promise<void> {
    // Nothing is held.
  }
}
