/**
 * A process that writes batch after batch to a store, until it is killed, and prints the number of each one that is durable.
 * Run by `lmdb-crash.test.ts`.
 */
import { writeSync } from 'node:fs';
import { keyId, sessionId, u64be, utf8 } from '../../src/common/index.js';
import { openLmdbStore } from '../../src/store/index.js';
import { crashBatch, crashSession } from './lmdb-crash-batch.js';

const [, , path = ''] = process.argv;
const { consensus, shares } = await openLmdbStore(path);
const { applied } = await consensus.load();
for (let number = applied + 1; ; number++) {
  // A key share is written at the same time, as it happens in a node: the two may share a commit.
  const kept = shares.put(keyId('key'), sessionId(crashSession(number)), u64be(number));
  await consensus.persist(crashBatch(number));
  await kept;
  writeSync(1, utf8(`${number}\n`));
}
