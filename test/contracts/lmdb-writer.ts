/**
 * A process that writes batch after batch to a store, until it is killed, and prints the number of each one that is durable.
 * Run by `lmdb-crash.test.ts`.
 */
import { writeSync } from 'node:fs';
import { keyId, sessionId, u64be, utf8 } from '../../src/common/index.js';
import { openStores } from '../../src/store/index.js';
import { storePaths } from '../support/builders/stores.js';
import { crashBatch, crashSession } from './lmdb-crash-batch.js';

const [, , path = ''] = process.argv;
const { consensus, shares } = await openStores(storePaths(path));
const { applied } = await consensus.load();
for (let number = applied + 1; ; number++) {
  // A key share is written at the same time, as it happens in a node.
  const id = { keyId: keyId('key'), sessionId: sessionId(crashSession(number)) };
  const kept = shares.putIfAbsent(id, u64be(number));
  await consensus.persist(crashBatch(number));
  await kept;
  writeSync(1, utf8(`${number}\n`));
}
