/**
 * A process whose files may not grow (`ulimit -f`): it writes to the log, or with `shares` to the share store, until a commit
 * fails, and prints what it saw. Run by `lmdb-crash.test.ts`.
 */
import { writeSync } from 'node:fs';
import { keyId, sessionId, utf8 } from '../../src/common/index.js';
import { openLmdbConsensusStore, openLmdbShareStore } from '../../src/store/index.js';
import { batch } from '../support/builders/stores.js';

const WRITES_MAX = 1_000;
const VALUE = new Uint8Array(100_000);

type Writer = {
  write(number: number): Promise<unknown>;
  /** How many writes are there when one has failed. */
  count(): Promise<number>;
};

async function toLog(path: string): Promise<Writer> {
  const store = await openLmdbConsensusStore(path);
  return {
    write: (number) =>
      store.persist(batch({ writes: [[utf8(`key ${number}`), VALUE]], applied: number })),
    count: async () => (await store.load()).applied,
  };
}

async function toShares(path: string): Promise<Writer> {
  const store = await openLmdbShareStore(path);
  return {
    write: (number) =>
      store.putIfAbsent(
        { keyId: keyId(`key-${number}`), sessionId: sessionId('aa'.repeat(32)) },
        VALUE,
      ),
    count: async () => (await store.list({ limit: WRITES_MAX })).items.length,
  };
}

const [, , path = '', what] = process.argv;
const writer = await (what === 'shares' ? toShares(path) : toLog(path));
let failure = new Error('nothing failed');
let number = 0;
while (number < WRITES_MAX) {
  number += 1;
  try {
    await writer.write(number);
  } catch (error) {
    failure = error as Error;
    break;
  }
}
const { name, message, cause } = failure;
const kind = 'kind' in failure ? failure.kind : undefined;
const said = { number, count: await writer.count(), name, kind, message, cause: String(cause) };
writeSync(1, utf8(`${JSON.stringify(said)}\n`));
