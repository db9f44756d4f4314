import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { join } from 'node:path';
import { keyId, sessionId, u64be, utf8 } from '../../src/common/index.js';
import { ShareStoreError } from '../../src/ports/index.js';
import type { ShareId, ShareStore } from '../../src/ports/index.js';
import { openMongoShareStore } from '../../src/store/index.js';
import type { MongoPlace } from '../../src/store/index.js';
import { temporaryDirectory } from '../support/builders/stores.js';
import { atServer, damageShare, databaseName, removeDatabase } from '../support/mongo/databases.js';
import { findMongoServer, MongoServer } from '../support/mongo/server.js';
import { shareStoreSuite } from './share-store-suite.js';

/** The contract of a share store over TCP: on the server that CI builds, and on any that MONGODB_URI names. */
jest.setTimeout(60_000);

const OWNER = { identityKey: new Uint8Array(32).fill(7) };
const NEW = { ...OWNER, isNew: { state: 'active' } } as const;

function idOf(number: number): ShareId {
  return { keyId: keyId(`key-${number}`), sessionId: sessionId('aa'.repeat(32)) };
}

function codeOf(error: unknown): unknown {
  return error instanceof ShareStoreError ? error.kind : (error as { code?: unknown }).code;
}

async function opened(place: MongoPlace): Promise<ShareStore> {
  const store = await openMongoShareStore(place, NEW);
  if (store === undefined) throw new Error('a new store is made');
  return store;
}

function mongoSuite(name: string, uriOf: () => string): void {
  shareStoreSuite(name, async () => {
    const [uri, database] = [uriOf(), databaseName()];
    return {
      open: () => opened({ uri, database }),
      damage: (id) => damageShare(uri, database, id),
      remove: () => removeDatabase(uri, database),
    };
  });
}

const program = findMongoServer();
const outside = process.env['MONGODB_URI'] ?? '';

(program === undefined ? describe.skip : describe)(
  'with the server that .ci/mongo.sh builds',
  () => {
    let server: MongoServer;
    let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
    beforeAll(async () => {
      directory = await temporaryDirectory();
      server = await MongoServer.start(program ?? '', join(directory.path, 'data'));
    });
    afterAll(async () => {
      await server[Symbol.asyncDispose]();
      await directory.remove();
    });

    mongoSuite('mongodb', () => server.uri);

    const KILLS = 3;

    test(`after ${KILLS} kills of the server in mid-write every acknowledged share is there, and the store works on`, async () => {
      const store = await opened({ uri: server.uri, database: databaseName() });
      const kept = new Set<number>();
      let number = 0;
      for (let kill = 1; kill <= KILLS; kill++) {
        // Writers that go on until the server is gone: each ends with an outage, and with nothing else.
        const errors: unknown[] = [];
        const writer = async () => {
          for (;;) {
            const mine = (number += 1);
            await store.putIfAbsent(idOf(mine), u64be(mine));
            kept.add(mine);
          }
        };
        const before = kept.size;
        const writers = Array.from({ length: 4 }, () =>
          writer().catch((e: unknown) => errors.push(e)),
        );
        while (kept.size < before + 20 * kill)
          await new Promise((resolve) => setImmediate(resolve));
        await server.kill();
        await Promise.all(writers);
        expect(errors).toHaveLength(4);
        for (const error of errors) {
          expect(error).toBeInstanceOf(ShareStoreError);
          expect(error).toMatchObject({ kind: 'unavailable' });
        }
        await server.restart();

        for (const each of kept) expect(await store.get(idOf(each))).toEqual(u64be(each));
      }
      // What was not acknowledged is whole, or is not there.
      for (let each = 1; each <= number; each++) {
        expect([undefined, u64be(each)]).toContainEqual(await store.get(idOf(each)));
      }
      expect(kept.size).toBeLessThan(number);
      await store.close();
    });
  },
);

(outside === '' ? describe.skip : describe)('with the server of MONGODB_URI', () => {
  mongoSuite('mongodb at MONGODB_URI', () => outside);

  test('a document of another form is refused by a server that checks documents, and is damaged for a reader', async () => {
    const database = databaseName();
    const store = await opened({ uri: outside, database });
    await store.putIfAbsent(idOf(1), utf8('sealed'));
    await atServer(outside, async (client) => {
      const shares = client.db(database).collection('shares');
      const [made] = await client
        .db(database)
        .listCollections({ name: 'shares' }, { nameOnly: false })
        .toArray();
      const checks = JSON.stringify(made).includes('$jsonSchema');
      const write = shares.updateOne({}, { $set: { record: 'text' } });
      const written = await write.catch(codeOf);
      const read = await store.get(idOf(1)).catch(codeOf);
      expect([written === 121, read]).toEqual(checks ? [true, utf8('sealed')] : [false, 'damaged']);
    });
    await store.close();
    await removeDatabase(outside, database);
  });
});
