import type { StandingStore } from './standing.js';
import type { WriteCounted } from './lmdb/environment.js';
import type { MongoOpening } from './mongo/open.js';
import type { MongoPlace } from './mongo/place.js';

/**
 * Opens the store of shares in a MongoDB database, as {@link MongoOpening} says; the driver is loaded only by a node that
 * uses it.
 *
 * @throws ClusterError as `openMongo` does.
 */
export async function openMongoShareStore(
  place: MongoPlace,
  opening: MongoOpening,
): Promise<(StandingStore & WriteCounted) | undefined> {
  const { openMongo } = await import('./mongo/open.js');
  return openMongo(place, opening);
}
