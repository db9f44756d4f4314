/**
 * A process that writes to stores on a file system that fills and has room again, and prints what it saw. Run by
 * `lmdb-no-room.test.ts`: a store that is mapped from a full disk could end the process.
 */
import { writeSync } from 'node:fs';
import { ClusterError, keyId, sessionId, utf8 } from '../../src/common/index.js';
import { openStores } from '../../src/store/index.js';
import type { Persist } from '../../src/ports/index.js';
import { batch, entryAt, storePaths } from '../support/builders/stores.js';
import { SmallDisk } from '../support/builders/small-disk.js';

const [, , path = ''] = process.argv;
const DISK_MIB = 24;
const ROUNDS = 6;
/** Of one batch: several megabytes, so that a commit ends in the middle of its pages. */
const VALUES = 24;
const VALUE = new Uint8Array(100_000).fill(7);

type Said = {
  tries: number;
  reasons: string[];
  shareKinds: string[];
  applied: number;
  entries: number;
  values: number;
};

const disk = SmallDisk.mount(path, DISK_MIB);
if (disk === undefined) throw new Error('no disk');
const said: Said = { tries: 0, reasons: [], shareKinds: [], applied: 0, entries: 0, values: 0 };
try {
  const paths = storePaths(disk.path);
  let stores = await openStores(paths);
  const { consensus } = stores;
  await consensus.persist(batch({ entries: [entryAt(1)], applied: 1 }));
  for (let round = 1; round <= ROUNDS; round++) {
    const next = batchOf(round);
    // Each time another part of the batch would fit.
    disk.fill(round * 700_000);
    for (let at = 0; at < 3; at++) {
      said.tries += 1;
      said.reasons.push(await reasonOf(() => stores.consensus.persist(next)));
      if (stores.consensus.get(utf8(`${round} 0`)) !== undefined) throw new Error('half a batch');
    }
    const id = { keyId: keyId('key'), sessionId: sessionId(`0${round}`.repeat(32)) };
    disk.fill();
    said.shareKinds.push(await reasonOf(() => stores.shares.putIfAbsent(id, VALUE)));
    disk.makeRoom();
    await stores.consensus.persist(next);
    await stores.shares.putIfAbsent(id, VALUE);
    if ((await stores.shares.get(id))?.length !== VALUE.length) throw new Error('no share');
    if (round % 2 === 0) {
      await stores.close();
      stores = await openStores(paths);
    }
  }
  await stores.close();
  stores = await openStores(paths);
  const log = await stores.consensus.load();
  said.applied = log.applied;
  said.entries = [...log.entries].length;
  said.values = [...stores.consensus.scan(new Uint8Array(0))].length;
  await stores.close();
} finally {
  disk[Symbol.dispose]();
}
writeSync(1, utf8(`${JSON.stringify(said)}\n`));

/** Overwrites the values of the round before, so that the disk is large enough for all. */
function batchOf(round: number): Persist {
  const removed = Array.from({ length: VALUES }, (_, at) => utf8(`${round - 1} ${at}`));
  const written = Array.from({ length: VALUES }, (_, at) => utf8(`${round} ${at}`));
  return batch({
    entries: [entryAt(round + 1)],
    writes: [
      ...removed.map((key) => [key, undefined] as const),
      ...written.map((key) => [key, VALUE] as const),
    ],
    applied: round + 1,
  });
}

async function reasonOf(write: () => Promise<unknown>): Promise<string> {
  try {
    await write();
    return 'written';
  } catch (error) {
    if (error instanceof ClusterError) return error.reason;
    if (error instanceof Error && 'kind' in error) return String(error.kind);
    return String(error);
  }
}
