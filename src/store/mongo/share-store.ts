import type { Collection, Db, Document, MongoClient } from 'mongodb';
import { assert, ClusterError, equal } from '../../common/index.js';
import { ShareStoreError } from '../../ports/index.js';
import type { PutResult, ShareId, SharePage, SharePageRequest } from '../../ports/index.js';
import type { WriteCounted } from '../lmdb/environment.js';
import { shareFromBytes, shareToBytes } from '../share-records.js';
import { standingToText } from '../standing.js';
import type { Standing, StandingStore, StoreId } from '../standing.js';
import {
  documentName,
  idOfDocument,
  recordIn,
  shareDocument,
  SHARES,
  STORE,
  STORE_DOCUMENT,
} from './documents.js';
import type { ShareDocument, StoreDocument, StoreMark } from './documents.js';
import { isDuplicate, unavailable } from './failures.js';
import { PUT_TRIES, RECORD_BYTES_MAX } from './limits.js';
import type { MongoLimits } from './limits.js';

/** The parts of a store. */
export type MongoParts = {
  readonly client: MongoClient;
  readonly database: Db;
  /** That of the client, to keep its password out of errors. */
  readonly uri: string;
  readonly limits: MongoLimits;
  readonly mark: StoreMark;
};

/** Sealed key shares in a database of a MongoDB server. */
export class MongoShareStore implements StandingStore, WriteCounted {
  readonly name: string;
  readonly storeId: StoreId;
  readonly #parts: MongoParts;
  readonly #shares: Collection<ShareDocument>;
  readonly #working = new Set<Promise<unknown>>();
  #standing: Standing;
  #writes = 0;
  /** The end of the latest replacement: one at a time. */
  #replaced: Promise<unknown> = Promise.resolve();
  #closing: Promise<void> | undefined;

  constructor(parts: MongoParts) {
    this.#parts = parts;
    this.name = nameOfDatabase(parts.database);
    this.storeId = parts.mark.storeId;
    this.#standing = parts.mark.standing;
    this.#shares = parts.database.collection<ShareDocument>(SHARES);
  }

  async putIfAbsent(id: ShareId, sealed: Uint8Array): Promise<PutResult> {
    const record = shareToBytes(id, sealed);
    assert(record.length <= RECORD_BYTES_MAX, 'a sealed share is not too long for a document');
    for (let tries = 0; tries < PUT_TRIES; tries++) {
      if (await this.#inserted(shareDocument(id, record))) return { absent: true };
      const present = await this.get(id);
      // Deleted since: then there is room.
      if (present !== undefined) return { absent: false, present };
    }
    throw new ShareStoreError(
      'unavailable',
      'Another process writes and deletes in the share store',
    );
  }

  /**
   * Replacements of one process take turns, since a process owns its database: FerretDB finds a document for several
   * writers before the first of them has changed it, though MongoDB does not.
   */
  replace(id: ShareId, before: Uint8Array, after: Uint8Array): Promise<boolean> {
    const replaced = this.#replaced.then(() => this.#replace(id, before, after));
    this.#replaced = replaced.catch(() => undefined);
    return replaced;
  }

  async #replace(id: ShareId, before: Uint8Array, after: Uint8Array): Promise<boolean> {
    const { _id, ...expected } = shareDocument(id, shareToBytes(id, before));
    const { record } = shareDocument(id, shareToBytes(id, after));
    const found: Document | null = await this.#written(() =>
      this.#shares.findOneAndUpdate(
        { _id, record: expected.record },
        { $set: { record } },
        { ...this.#bound() },
      ),
    );
    if (found !== null) return true;
    // The driver may have sent it twice: then the second found what the first had written.
    const present = await this.get(id);
    return present !== undefined && equal(present, after);
  }

  async get(id: ShareId): Promise<Uint8Array | undefined> {
    const options = { projection: { format: 1, record: 1 }, ...this.#bound() };
    const found: Document | null = await this.#read(() =>
      this.#shares.findOne({ _id: documentName(id) }, options),
    );
    return found === null ? undefined : shareFromBytes(id, recordIn(found));
  }

  async delete(id: ShareId): Promise<void> {
    await this.#written(() =>
      this.#shares.deleteOne({ _id: documentName(id) }, { ...this.#bound() }),
    );
  }

  async list({ after, limit }: SharePageRequest): Promise<SharePage> {
    const behind = after === undefined ? '' : documentName(after);
    const found = await this.#read(() =>
      this.#shares
        .find({ _id: { $gt: behind } })
        .project<{ _id: string }>({ _id: 1 })
        .sort({ _id: 1 })
        .limit(limit + 1)
        .batchSize(limit + 1)
        .maxTimeMS(this.#parts.limits.listMs)
        .toArray(),
    );
    const items = found.slice(0, limit).map(({ _id }) => idOfDocument(_id));
    return { items, next: found.length > limit ? items.at(-1) : undefined };
  }

  standing(): Standing {
    return this.#standing;
  }

  /** @throws ClusterError `wrong-state` when another process has changed it. */
  async stand(standing: Standing): Promise<void> {
    const before = { _id: STORE_DOCUMENT, standing: standingToText(this.#standing) };
    const after = { $set: { standing: standingToText(standing) } };
    const stores = this.#parts.database.collection<StoreDocument>(STORE);
    const { matchedCount } = await this.#written(() =>
      stores.updateOne(before, after, { ...this.#bound() }),
    );
    if (matchedCount !== 1)
      throw new ClusterError('wrong-state', `Another process has changed ${this.name}`, {
        reason: 'SHARES_MOVING',
      });
    this.#standing = standing;
  }

  writeCount(): number {
    return this.#writes;
  }

  close(): Promise<void> {
    this.#closing ??= Promise.allSettled(this.#working).then(() => this.#parts.client.close());
    return this.#closing;
  }

  #bound(): { readonly maxTimeMS: number } {
    return { maxTimeMS: this.#parts.limits.operationMs };
  }

  /** Whether there was no document of that name. */
  async #inserted(document: ShareDocument): Promise<boolean> {
    return this.#written(async () => {
      try {
        await this.#shares.insertOne(document, { ...this.#bound() });
        return true;
      } catch (error) {
        if (isDuplicate(error)) return false;
        throw error;
      }
    });
  }

  #written<T>(write: () => Promise<T>): Promise<T> {
    this.#writes += 1;
    return this.#work(write, 'The share store did not commit');
  }

  #read<T>(read: () => Promise<T>): Promise<T> {
    return this.#work(read, 'The share store cannot be read');
  }

  async #work<T>(call: () => Promise<T>, otherwise: string): Promise<T> {
    assert(this.#closing === undefined, 'the store is closed');
    const working = call();
    this.#working.add(working);
    try {
      return await working;
    } catch (error) {
      throw unavailable(otherwise, error, this.#parts.uri);
    } finally {
      this.#working.delete(working);
    }
  }
}

/** For messages. */
export function nameOfDatabase({ databaseName, client }: Db): string {
  return `the MongoDB database ${databaseName} at ${client.options.hosts.join(',') || client.options.srvHost}`;
}
