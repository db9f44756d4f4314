import { assert, concat, equal, utf8 } from '../../common/index.js';
import { ShareStoreError } from '../../ports/index.js';
import type { PutResult, ShareId, SharePage, SharePageRequest } from '../../ports/index.js';
import { shareFromBytes, shareName, sharePage, shareToBytes } from '../share-records.js';
import { requireSpaceFor } from '../disk-space.js';
import { damaged } from '../records.js';
import { ACTIVE, EMBEDDED, standingOfText, standingToText } from '../standing.js';
import type { Standing, StandingStore } from '../standing.js';
import { openEnvironment } from './environment.js';
import type { Environment, StoreOwner, WriteCounted } from './environment.js';
import { LOWEST_KEY } from './table.js';
import type { Table } from './table.js';

type Tables = { readonly shares: Table };

/** In the environment's own table; a store that has none is its node's active one. */
const STANDING_KEY = utf8('standing');

/**
 * Opens the sealed key shares in the directory `path`, an lmdb environment of their own.
 *
 * @throws ClusterError as {@link openEnvironment} does.
 */
export async function openLmdbShareStore(
  path: string,
  owner?: StoreOwner,
): Promise<StandingStore & WriteCounted> {
  const environment = await openEnvironment(path, (table) => ({ shares: table('shares') }), owner);
  return new LmdbShareStore(path, environment);
}

class LmdbShareStore implements StandingStore, WriteCounted {
  readonly name: string;
  readonly storeId = EMBEDDED;
  readonly #path: string;
  readonly #table: Table;
  readonly #environment: Environment<Tables>;
  readonly #writing = new Set<Promise<unknown>>();
  #closing: Promise<void> | undefined;

  constructor(path: string, environment: Environment<Tables>) {
    this.name = `the embedded store ${path}`;
    this.#path = path;
    this.#environment = environment;
    this.#table = environment.tables.shares;
  }

  async putIfAbsent(id: ShareId, sealed: Uint8Array): Promise<PutResult> {
    const bytes = shareToBytes(id, sealed);
    for (;;) {
      // The condition is tried inside the transaction, so of two writers one finds the other's share.
      const put = (): void => void this.#table.put(place(id), bytes);
      const write = (): Promise<boolean> => this.#table.ifNoExists(place(id), put);
      if (await this.#committed(write, bytes.length)) return { absent: true };
      const present = await this.get(id);
      // Deleted since: then there is room.
      if (present !== undefined) return { absent: false, present };
    }
  }

  async replace(id: ShareId, before: Uint8Array, after: Uint8Array): Promise<boolean> {
    const [expected, bytes] = [shareToBytes(id, before), shareToBytes(id, after)];
    const write = (): Promise<boolean> =>
      this.#environment.root.transaction(() => {
        const found = this.#table.get(place(id));
        if (found === undefined || !equal(found, expected)) return false;
        void this.#table.put(place(id), bytes);
        return true;
      });
    return this.#committed(write, bytes.length);
  }

  async get(id: ShareId): Promise<Uint8Array | undefined> {
    const bytes = this.#reading(() => this.#table.get(place(id)));
    return bytes === undefined ? undefined : shareFromBytes(id, bytes);
  }

  async delete(id: ShareId): Promise<void> {
    await this.#committed(() => this.#table.remove(place(id)));
  }

  async list(page: SharePageRequest): Promise<SharePage> {
    // The least key behind `after` is `after` with a zero byte behind it.
    const start =
      page.after === undefined ? LOWEST_KEY : concat(place(page.after), Uint8Array.of(0));
    const range = { start, limit: page.limit + 1 };
    const names = this.#reading(() => [...this.#table.getKeys(range)].map(nameIn));
    return sharePage(page, names);
  }

  /** @throws ClusterError `data-loss` for what {@link stand} does not write. */
  standing(): Standing {
    const bytes = this.#reading(() => this.#environment.own.get(STANDING_KEY));
    if (bytes === undefined) return ACTIVE;
    const standing = standingOfText(new TextDecoder().decode(bytes));
    return standing ?? damaged(`What ${this.name} is to its node cannot be read`);
  }

  async stand(standing: Standing): Promise<void> {
    const text = utf8(standingToText(standing));
    await this.#committed(() => this.#environment.own.put(STANDING_KEY, text));
  }

  writeCount(): number {
    return this.#environment.writeCount();
  }

  close(): Promise<void> {
    this.#closing ??= Promise.allSettled(this.#writing).then(() => this.#environment.close());
    return this.#closing;
  }

  /** Resolves when `write` is durable. @throws {ShareStoreError} `unavailable` when it was not committed. */
  async #committed(write: () => Promise<boolean>, bytes = 0): Promise<boolean> {
    assert(this.#closing === undefined, 'the store is closed');
    try {
      requireSpaceFor(this.#path, bytes, 1);
    } catch (cause) {
      throw new ShareStoreError('unavailable', 'The share store has no room', cause);
    }
    const written = this.#environment.durable(write());
    this.#writing.add(written);
    try {
      return await written;
    } catch (cause) {
      throw new ShareStoreError('unavailable', 'The share store did not commit', cause);
    } finally {
      this.#writing.delete(written);
    }
  }

  #reading<T>(read: () => T): T {
    try {
      return read();
    } catch (cause) {
      throw new ShareStoreError('unavailable', 'The share store cannot be read', cause);
    }
  }
}

function place(id: ShareId): Uint8Array {
  return utf8(shareName(id));
}

function nameIn(key: Uint8Array): string {
  return new TextDecoder().decode(key);
}
