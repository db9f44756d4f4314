import { expect, test } from '@jest/globals';
import { Alarms } from '../../../src/alarms/index.js';
import { findEnd, Recorder } from '../../../src/audit/index.js';
import { WRITE_EVERY_MS } from '../../../src/audit/limits.js';
import { BUILD_LEVEL } from '../../../src/identity/index.js';
import { StateMachine } from '../../../src/node/replica-machine.js';
import type { Entry, EntryKind } from '../../../src/ports/index.js';
import { sealEntry, ZERO_HASH } from '../../../src/raft/index.js';
import { judgingContext, Overlay, readLevel, TASK_KINDS } from '../../../src/state/index.js';
import { memoryConsensusStore } from '../../../src/store/index.js';
import { ManualAuditFiles } from '../../support/builders/audit-log.js';
import { testGenesis, verify } from '../../support/builders/ledger.js';
import { ManualClock, quietLogger, turns } from '../raft/driver-cluster.js';

const genesis = testGenesis();
const entry = (index: number, kind: EntryKind, payload: Uint8Array = new Uint8Array()): Entry =>
  sealEntry(ZERO_HASH, { index, term: 1, kind, timeMs: genesis.createdMs + index, payload });

test('the writes of an entry are not to be made durable before its lines are', async () => {
  const files = new ManualAuditFiles();
  const clock = new ManualClock();
  const store = memoryConsensusStore();
  const overlay = new Overlay(store);
  const parts = { files, clock, logger: quietLogger, onRecorded: () => undefined };
  const recorder = new Recorder(parts, await findEnd(files, undefined), 0);
  const machine = new StateMachine(
    overlay,
    judgingContext(genesis, verify, TASK_KINDS),
    { logger: quietLogger, alarms: new Alarms(clock, quietLogger) },
    BUILD_LEVEL,
    () => 3,
    () => undefined,
    recorder,
  );

  files.isSlow = true;
  machine.apply(entry(1, 'genesis', genesis.bytes));
  await clock.advance(WRITE_EVERY_MS);
  machine.apply(entry(2, 'no-op'));
  expect(readLevel(overlay)).toBe(genesis.level);
  expect(machine.recorded?.index).toBe(0);
  expect(machine.pendingWrites()).toEqual([]);

  files.isSlow = false;
  files.release();
  await turns(200);
  expect(machine.recorded).toMatchObject({ index: 1, line: 1 });
  const writes = machine.pendingWrites();
  expect(writes.length).toBeGreaterThan(0);
  await store.persist({ entries: [], writes, applied: 1 });
  machine.flushed(writes);
  // The second entry came while the first was written: it is not lost, and not ahead.
  expect(machine.pendingWrites()).toEqual([]);
  await clock.advance(WRITE_EVERY_MS);
  await turns(200);
  expect(machine.recorded?.index).toBe(2);
  expect(machine.pendingWrites()).toHaveLength(1);
});
