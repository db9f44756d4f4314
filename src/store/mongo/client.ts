import { MongoClient, ReadConcern } from 'mongodb';
import type { Db } from 'mongodb';
import { ClusterError } from '../../common/index.js';
import type { MongoLimits } from './limits.js';
import { isMongoUri, isUnsafeUri } from './place.js';
import type { MongoPlace } from './place.js';

/**
 * A client of the official driver; it connects when it is first used, and again whenever it must. What is sent again is sent
 * once more by the driver, under a number by which the server knows it.
 *
 * @throws ClusterError `invalid-request` for a connection string that the driver does not take; its words, which may
 * repeat the string, are not told.
 */
export function mongoClient({ uri, tls = {} }: MongoPlace, limits: MongoLimits): MongoClient {
  if (!isMongoUri(uri)) throw refused('it must begin with mongodb:// or mongodb+srv://');
  if (isUnsafeUri(uri)) throw refused("it switches off the check of the server's certificate");
  const { ca, cert, key } = tls;
  const usesTls = [ca, cert, key].some((each) => each !== undefined);
  try {
    return new MongoClient(uri, {
      appName: 'quorate',
      retryWrites: true,
      retryReads: true,
      serverSelectionTimeoutMS: limits.selectMs,
      connectTimeoutMS: limits.connectMs,
      socketTimeoutMS: limits.answerMs,
      heartbeatFrequencyMS: limits.heartbeatMs,
      maxPoolSize: limits.poolMax,
      waitQueueTimeoutMS: limits.poolWaitMs,
      // The driver would print commands with their documents where a variable of the environment asks for it.
      mongodbLogComponentSeverities: { default: 'off' },
      ...(usesTls && { tls: true }),
      ...(ca && { ca: Buffer.from(ca) }),
      ...(cert && { cert: Buffer.from(cert) }),
      ...(key && { key: Buffer.from(key) }),
    });
  } catch {
    throw refused('the driver does not take it');
  }
}

/**
 * The database of a place. What a share's safety rests on is said here, where it wins over the connection string: a write is
 * acknowledged when a majority has it in its journal; a read is of the primary, and of what a majority has.
 */
export function databaseOf(client: MongoClient, name: string, limits: MongoLimits): Db {
  return client.db(name, {
    writeConcern: { w: 'majority', journal: true, wtimeoutMS: limits.operationMs },
    readConcern: new ReadConcern('majority'),
    readPreference: 'primary',
  });
}

function refused(why: string): ClusterError {
  return new ClusterError(
    'invalid-request',
    `store.uri is no connection string of MongoDB: ${why}`,
    {
      reason: 'INVALID_CONFIGURATION',
      field: 'store.uri',
    },
  );
}
