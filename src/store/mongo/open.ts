import { randomBytes } from 'node:crypto';
import { MongoNetworkError, MongoServerSelectionError } from 'mongodb';
import type { Db, Document, MongoClient } from 'mongodb';
import { ClusterError, equal, toHex } from '../../common/index.js';
import type { Standing } from '../standing.js';
import { databaseOf, mongoClient } from './client.js';
import { markIn, SHARES, SHARES_VALIDATOR, STORE, STORE_DOCUMENT } from './documents.js';
import { storeDocument } from './documents.js';
import type { StoreDocument, StoreMark } from './documents.js';
import { driverWords, isDuplicate, isRefused, isThereAlready } from './failures.js';
import { MONGO_LIMITS, START_TRIES } from './limits.js';
import type { MongoLimits } from './limits.js';
import type { MongoPlace } from './place.js';
import { MongoShareStore, nameOfDatabase } from './share-store.js';

export type MongoOpening = {
  /** The public half of the identity key that the store must be of. */
  readonly identityKey: Uint8Array;
  /** The standing of the store that is made where there is none; without it, none is made. */
  readonly isNew?: Standing | undefined;
  readonly limits?: Partial<MongoLimits> | undefined;
};

const STORE_ID_BYTES = 16;

/**
 * Opens the store of shares in a database of a MongoDB server, and makes it there if `isNew` says so. `undefined` where there
 * is none and none is made.
 *
 * A server that cannot be reached is waited for within a bound: {@link START_TRIES} times the time to find one.
 *
 * @throws ClusterError `invalid-request` for a bad connection string; `wrong-state` when the server cannot be reached or lets
 * this client in no further (`SHARE_STORE_UNREACHABLE`), or the store is another identity's (`SHARE_STORE_FOREIGN`);
 * `unsupported` (`STORE_FORMAT`).
 */
export async function openMongo(
  place: MongoPlace,
  { identityKey, isNew, limits: given }: MongoOpening,
): Promise<MongoShareStore | undefined> {
  const limits = { ...MONGO_LIMITS, ...given };
  const asked = await connected(place, limits);
  const { client, database } = asked;
  try {
    const found =
      (await readMark(asked)) ?? (isNew && (await makeStore(asked, identityKey, isNew)));
    if (found === undefined) {
      await client.close();
      return undefined;
    }
    if (!equal(found.identityKey, identityKey))
      throw foreign(database, `belongs to the identity ${toHex(found.identityKey)}`);
    return new MongoShareStore({ client, database, uri: place.uri, limits, mark: found });
  } catch (error) {
    await client.close();
    throw error;
  }
}

/** Waits, within a bound, until a server is there that takes this client. */
async function connected(place: MongoPlace, limits: MongoLimits): Promise<Asked> {
  for (let tries = 1; ; tries++) {
    // A client that did not connect at first never does.
    const client = mongoClient(place, limits);
    const database = databaseOf(client, place.database, limits);
    try {
      await client.connect();
      return { client, database, place, limits };
    } catch (error) {
      await client.close();
      const mayPass =
        error instanceof MongoServerSelectionError || error instanceof MongoNetworkError;
      if (!mayPass || tries === START_TRIES) throw unusable(database, place, error);
    }
  }
}

type Asked = {
  readonly client: MongoClient;
  readonly database: Db;
  readonly place: MongoPlace;
  readonly limits: MongoLimits;
};

async function readMark(asked: Asked): Promise<StoreMark | undefined> {
  const { database, limits } = asked;
  const stores = database.collection<StoreDocument>(STORE);
  const document: Document | null = await asking(asked, () =>
    stores.findOne({ _id: STORE_DOCUMENT }, { maxTimeMS: limits.operationMs }),
  );
  if (document === null) return undefined;
  const mark = markIn(document);
  if (mark !== undefined) return mark;
  throw new ClusterError(
    'unsupported',
    `The share store in ${nameOfDatabase(database)} is of a format that this release does not read`,
    { reason: 'STORE_FORMAT' },
  );
}

/** Its mark is written last: a database that has one is complete. */
async function makeStore(
  asked: Asked,
  identityKey: Uint8Array,
  standing: Standing,
): Promise<StoreMark> {
  const { database, limits } = asked;
  const maxTimeMS = limits.operationMs;
  await asking(asked, () => makeCollection(database));
  const some = await asking(asked, () =>
    database.collection(SHARES).findOne({}, { projection: { _id: 1 }, maxTimeMS }),
  );
  if (some !== null) throw foreign(database, 'holds key shares and does not say whose');
  const mark = { storeId: toHex(randomBytes(STORE_ID_BYTES)), identityKey, standing };
  const stores = database.collection<StoreDocument>(STORE);
  try {
    await asking(asked, () => stores.insertOne(storeDocument(mark), { maxTimeMS }));
    return mark;
  } catch (error) {
    // Written by another process, or by this one when the answer was lost.
    if (!isDuplicate(error)) throw error;
    return (await readMark(asked)) ?? mark;
  }
}

async function makeCollection(database: Db): Promise<void> {
  try {
    await database.createCollection(SHARES, { validator: SHARES_VALIDATOR });
  } catch (error) {
    if (isThereAlready(error)) return;
    if (!isRefused(error)) throw error;
    // A server that does not check documents: what is read is checked in any case.
    await database.createCollection(SHARES).catch((again: unknown) => {
      if (!isThereAlready(again)) throw again;
    });
  }
}

async function asking<T>({ database, place }: Asked, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (isDuplicate(error)) throw error;
    throw unusable(database, place, error);
  }
}

function unusable(database: Db, { uri }: MongoPlace, error: unknown): ClusterError {
  const words = driverWords(error, uri);
  return new ClusterError(
    'wrong-state',
    `The share store in ${nameOfDatabase(database)} cannot be used: ${words}`,
    { reason: 'SHARE_STORE_UNREACHABLE' },
  );
}

function foreign(database: Db, how: string): ClusterError {
  return new ClusterError(
    'wrong-state',
    `The share store in ${nameOfDatabase(database)} ${how}: each node needs a database of its own`,
    { reason: 'SHARE_STORE_FOREIGN' },
  );
}
