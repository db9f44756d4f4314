import { expect, test } from '@jest/globals';
import { claimedLog } from '../../../src/node/claimed-log.js';
import { sealEntry, ZERO_HASH } from '../../../src/raft/index.js';
import { memoryConsensusStore } from '../../../src/store/index.js';

const genesis = sealEntry(ZERO_HASH, {
  index: 1,
  term: 1,
  kind: 'genesis',
  timeMs: 1,
  payload: Uint8Array.of(1),
});

function directoryOf(claimed: boolean): { claimed: boolean; claim: () => void; claims: number } {
  const directory = {
    claimed,
    claims: 0,
    claim: () => {
      directory.claims += 1;
    },
  };
  return directory;
}

test('a node claims its data directory once the log has begun, and not before', async () => {
  const directory = directoryOf(false);
  const log = claimedLog(memoryConsensusStore(), directory);
  expect((await log.load()).isEmpty).toBe(true);
  expect(directory.claims).toBe(0);

  await log.persist({ entries: [genesis], writes: [], applied: 0 });
  await log.persist({ entries: [], writes: [], applied: 1 });

  expect(directory.claims).toBe(1);
});

test('a node refuses a claimed directory without its log', async () => {
  const log = claimedLog(memoryConsensusStore(), directoryOf(true));
  await expect(log.load()).rejects.toMatchObject({ code: 'data-loss', reason: 'LOG_LOST' });
});

test('a node accepts a claimed directory with its log, and a log whose directory was not claimed in time', async () => {
  const store = memoryConsensusStore();
  await store.persist({ entries: [genesis], writes: [], applied: 0 });
  for (const claimed of [true, false]) {
    const { entries } = await claimedLog(store, directoryOf(claimed)).load();
    expect([...entries]).toHaveLength(1);
  }
});
