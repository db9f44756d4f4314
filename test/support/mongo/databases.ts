import { randomBytes } from 'node:crypto';
import { Binary, MongoClient } from 'mongodb';
import type { ShareId } from '../../../src/ports/index.js';

/** A name that no other test has. */
export function databaseName(): string {
  return `quorate-test-${randomBytes(8).toString('hex')}`;
}

/** Looks at a server, or changes things there, behind a store's back. */
export async function atServer<T>(
  uri: string,
  act: (client: MongoClient) => Promise<T>,
): Promise<T> {
  const client = new MongoClient(uri, { serverSelectionTimeoutMS: 10_000 });
  try {
    return await act(client);
  } finally {
    await client.close();
  }
}

type Kept = { _id: string; record: Binary };

/** Alters the last bit of a share's record. */
export function damageShare(uri: string, database: string, id: ShareId): Promise<void> {
  return atServer(uri, async (client) => {
    const shares = client.db(database).collection<Kept>('shares');
    const name = { _id: `${id.keyId} ${id.sessionId}` };
    const found = await shares.findOne(name);
    const bytes = Buffer.from(found?.record.value() ?? []);
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
    await shares.updateOne(name, { $set: { record: new Binary(bytes) } });
  });
}

export function removeDatabase(uri: string, database: string): Promise<void> {
  return atServer(uri, async (client) => {
    await client.db(database).dropDatabase();
  });
}
