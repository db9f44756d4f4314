import { expect, test } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { equal, nodeId } from '../../src/common/index.js';
import { openLmdbConsensusStore } from '../../src/store/lmdb/consensus-store.js';
import { entryAt, temporaryDirectory } from '../support/builders/stores.js';
import { seededRandom } from '../support/clusters/raft-cluster.js';
import {
  FRONT,
  INSTALLED_STATE,
  NEW_INDEX,
  NEW_ROWS,
  OLD_ENTRIES,
  OLD_ROWS,
  PARTS,
} from './snapshot-states.js';

const INSTALLER = fileURLToPath(new URL('./snapshot-installer.js', import.meta.url));
const KILLS = Number(process.env['QUORATE_SNAPSHOT_KILLS'] ?? 6);
const seed = Number(process.env['QUORATE_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
const random = seededRandom(seed);
const OLD_STATE = { term: 5, votedFor: nodeId('node-1') };

function below(bound: number): number {
  return new DataView(random.bytes(4).buffer).getUint32(0) % bound;
}

async function makeOld(path: string): Promise<void> {
  const store = await openLmdbConsensusStore(path);
  const entries = Array.from({ length: OLD_ENTRIES }, (_, at) => entryAt(at + 1, 5));
  const applied = OLD_ENTRIES;
  await store.persist({ hardState: OLD_STATE, entries, writes: OLD_ROWS, applied });
  await store.close();
}

/** Runs the installer, and kills it so long after it has printed so many lines. Says which line was its last. */
async function installAndKill(path: string, lines: number, micros: number): Promise<string> {
  const installer = spawn(process.execPath, [INSTALLER, path], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(installer, 'exit');
  let seen = 0;
  let last = '';
  for await (const line of createInterface({ input: installer.stdout })) {
    last = line;
    seen += 1;
    if (seen !== lines) continue;
    const start = process.hrtime.bigint();
    while (process.hrtime.bigint() - start < BigInt(micros) * 1_000n);
    installer.kill('SIGKILL');
  }
  expect(await ended).toEqual([null, 'SIGKILL']);
  return last;
}

/** What may be there when this was the last line: only during the change itself it may be either. */
function statesAfter(line: string): readonly string[] {
  if (line === 'installing') return ['old', 'new'];
  return [line === 'installed' ? 'new' : 'old'];
}

/** The state that the store has: it must be one of the two, with its log, its place, term and vote. */
async function stateAfter(path: string): Promise<'old' | 'new'> {
  const consensus = await openLmdbConsensusStore(path);
  const { hardState, entries: stored, applied, front } = await consensus.load();
  const entries = [...stored];
  const rows = [...consensus.scan(new Uint8Array(0))];
  await consensus.close();
  const isNew = applied === NEW_INDEX;
  expect(hardState).toEqual(isNew ? INSTALLED_STATE.hardState : OLD_STATE);
  expect(front).toEqual(isNew ? FRONT : undefined);
  expect(entries).toHaveLength(isNew ? 0 : OLD_ENTRIES);
  expect(applied).toBe(isNew ? NEW_INDEX : OLD_ENTRIES);
  const wanted = isNew ? NEW_ROWS : OLD_ROWS;
  expect(rows).toHaveLength(wanted.length);
  const same = rows.every(([key, value], at) => {
    const [wantedKey, wantedValue] = wanted[at] ?? [];
    return wantedKey && wantedValue && equal(key, wantedKey) && equal(value, wantedValue);
  });
  expect(same).toBe(true);
  return isNew ? 'new' : 'old';
}

test(`after each of ${KILLS} kills a store has the old state or the snapshot, whole (seed ${seed})`, async () => {
  const seen = new Set<string>();
  for (let kill = 0; kill < KILLS; kill++) {
    const { path, remove } = await temporaryDirectory();
    await makeOld(path);
    // Each part, the change itself, which gets every third kill, and the moment behind it.
    const lines = kill % 3 === 0 ? PARTS + 1 : 1 + below(PARTS + 2);
    const last = await installAndKill(path, lines, below(20_000));

    const state = await stateAfter(path);
    seen.add(state);
    expect(statesAfter(last)).toContain(state);

    // What was half done is no hindrance: it is taken again, to the end.
    if (state === 'old') await installAndKill(path, PARTS + 2, 0);
    expect(await stateAfter(path)).toBe('new');
    await remove();
  }
  expect(seen.size).toBeGreaterThan(0);
}, 240_000);
