import { expect, test } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { keyId, sessionId } from '../../src/common/index.js';
import { openStores } from '../../src/store/index.js';
import { loadWhole, storePaths, temporaryDirectory } from '../support/builders/stores.js';
import { CRASH_KEYS, crashSession, lastIndexAt } from './lmdb-crash-batch.js';

const WRITER = fileURLToPath(new URL('./lmdb-writer.js', import.meta.url));
const FULL = fileURLToPath(new URL('./lmdb-full.js', import.meta.url));
const KILLS = 5;

/** Lets a process write until `batches` batches are durable, kills it in the middle of the next, and gives the last durable. */
async function writeAndKill(path: string, batches: number): Promise<number> {
  const writer = spawn(process.execPath, [WRITER, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(writer, 'exit');
  let seen = 0;
  let last = 0;
  for await (const line of createInterface({ input: writer.stdout })) {
    last = Number(line);
    seen += 1;
    if (seen === batches) writer.kill('SIGKILL');
  }
  expect(await ended).toEqual([null, 'SIGKILL']);
  return last;
}

function numberIn(bytes: Uint8Array | undefined): number {
  return bytes === undefined ? 0 : Number(Buffer.from(bytes).readBigUInt64BE());
}

/** Opens what a killed process left, and gives the number of the batch that it is at: all of it, or none of it. */
async function durableBatch(path: string, acknowledged: number): Promise<number> {
  const store = await openStores(storePaths(path));
  const { consensus, shares } = store;
  const { hardState, entries, applied } = await loadWhole(consensus);
  const values = new Set(CRASH_KEYS.map((key) => numberIn(consensus.get(key))));

  expect([...values]).toEqual([applied]);
  expect(hardState.term).toBe(applied);
  expect(entries.at(-1)?.term).toBe(applied);
  expect(entries).toHaveLength(lastIndexAt(applied));
  const session = sessionId(crashSession(acknowledged));
  const share = await shares.get({ keyId: keyId('key'), sessionId: session });
  expect(numberIn(share)).toBe(acknowledged);
  await store.close();
  return applied;
}

test(`after ${KILLS} kills during a write, every acknowledged batch is there and no batch is torn`, async () => {
  const { path, remove } = await temporaryDirectory();
  for (let kill = 1; kill <= KILLS; kill++) {
    const acknowledged = await writeAndKill(path, 5 + kill * 3);

    const durable = await durableBatch(path, acknowledged);

    expect([acknowledged, acknowledged + 1]).toContain(durable);
  }
  await remove();
}, 60_000);

test.each([
  ['log', { message: expect.stringMatching(/^The store did not commit/) }],
  ['shares', { name: 'ShareStoreError', kind: 'unavailable' }],
])(
  'a commit of the %s that the disk refuses fails for its writer, once, and leaves the earlier data',
  async (what, error) => {
    const { path, remove } = await temporaryDirectory();
    const limited = ['-c', 'ulimit -f 2000; exec "$0" "$@"', process.execPath, FULL, path, what];
    const writer = spawn('sh', limited, { stdio: ['ignore', 'pipe', 'ignore'] });
    const ended = once(writer, 'exit');
    let said = '';
    for await (const line of createInterface({ input: writer.stdout })) said += line;

    expect(await ended).toEqual([0, null]);
    const { number, count, ...failure } = JSON.parse(said) as Record<string, unknown>;
    expect(number).toBeGreaterThan(1);
    expect(count).toBe(Number(number) - 1);
    expect(failure).toMatchObject({
      ...error,
      cause: expect.stringMatching(/^(Cluster)?Error: \w/),
    });
    await remove();
  },
  60_000,
);
