/**
 * A process whose files may not grow (`ulimit -f`): it writes until a commit fails, and prints what it saw. Run by
 * `lmdb-crash.test.ts`.
 */
import { writeSync } from 'node:fs';
import { utf8 } from '../../src/common/index.js';
import { openLmdbStore } from '../../src/store/index.js';
import { batch } from '../support/stores.js';

const BATCHES_MAX = 1_000;

const [, , path = ''] = process.argv;
const { consensus } = await openLmdbStore(path);
let failure = new Error('nothing failed');
let number = 0;
while (number < BATCHES_MAX) {
  number += 1;
  const writes = [[utf8(`key ${number}`), new Uint8Array(100_000)]] as const;
  try {
    await consensus.persist(batch({ writes, applied: number }));
  } catch (error) {
    failure = error as Error;
    break;
  }
}
const { applied } = await consensus.load();
const { message, cause } = failure;
const said = { number, applied, message, cause: String(cause) };
writeSync(1, utf8(`${JSON.stringify(said)}\n`));
