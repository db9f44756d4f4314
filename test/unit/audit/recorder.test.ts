import { describe, expect, test } from '@jest/globals';
import {
  CHAIN_START,
  findEnd,
  LAG_MS_MAX,
  Recorder,
  verifyFiles,
} from '../../../src/audit/index.js';
import { WAITING_ENTRIES_MAX, WRITE_AGAIN_MS, WRITE_EVERY_MS } from '../../../src/audit/limits.js';
import type { AuditHead } from '../../../src/ports/index.js';
import { ManualAuditFiles, recordAt } from '../../support/builders/audit-log.js';
import { ManualClock, quietLogger, turns } from '../raft/driver-cluster.js';

const FULL = new Error('ENOSPC: no space left on device');

type Logged = { readonly alarms: string[]; readonly errors: string[] };

class Written {
  readonly clock = new ManualClock();
  readonly logged: Logged = { alarms: [], errors: [] };
  recorder!: Recorder;
  recordings = 0;

  readonly files = new ManualAuditFiles();

  /** A start of the process, with what the store knows. */
  async start(
    head?: AuditHead,
    applied = head?.index ?? 0,
    limits: { readonly fileBytesMax?: number; readonly filesKept?: number } = {},
  ): Promise<void> {
    const found = await findEnd(this.files, head);
    const logger = {
      ...quietLogger,
      alarm: (words: string) => void this.logged.alarms.push(words),
      error: (words: string) => void this.logged.errors.push(words),
    };
    const onRecorded = (): void => void (this.recordings += 1);
    const parts = { files: this.files, clock: this.clock, logger, onRecorded, ...limits };
    this.recorder = new Recorder(parts, found, applied);
    const known = head?.index ?? 0;
    if (known < applied) this.recorder.skipped(known, applied, 0);
  }

  take(from: number, to = from): void {
    for (let index = from; index <= to; index++)
      this.recorder.take({ index, payload: new Uint8Array(10) }, [recordAt(index)]);
  }

  async written(): Promise<void> {
    await this.clock.advance(WRITE_EVERY_MS);
    await turns(200);
  }

  async verify(): Promise<Awaited<ReturnType<typeof verifyFiles>>> {
    return verifyFiles(this.files, this.recorder.recorded);
  }
}

async function started(...given: Parameters<Written['start']>): Promise<Written> {
  const written = new Written();
  await written.start(...given);
  return written;
}

test('lines are written behind what is applied, many in one write, and durable as a whole', async () => {
  const log = await started();
  log.take(1, 50);
  log.recorder.take({ index: 51 }, []);
  expect(log.recorder.recorded).toMatchObject({ index: 0, line: 0 });
  await log.written();

  expect(log.files.writes).toBe(1);
  expect(log.recorder.recorded).toMatchObject({ index: 51, line: 50 });
  expect(log.recordings).toBe(1);
  expect(await log.verify()).toMatchObject({ lines: 50, faults: [] });
});

test('an entry that has nothing to tell is recorded at once where nothing waits', async () => {
  const log = await started();
  log.recorder.take({ index: 1 }, []);
  expect(log.recorder.recorded).toEqual({ index: 1, ...CHAIN_START });
  await log.written();
  expect(log.files.writes).toBe(0);
});

test('a log is cut into files at a length, the oldest of too many go, and the chain goes through them', async () => {
  const log = await started(undefined, 0, { fileBytesMax: 1_000, filesKept: 3 });
  for (let index = 1; index <= 30; index++) {
    log.take(index);
    await log.written();
  }
  const names = await log.files.names();
  expect(names).toHaveLength(3);
  for (const name of names)
    expect((await log.files.read(name, 0, 9_999))?.length).toBeLessThanOrEqual(1_000);
  const found = await log.verify();
  expect(found).toMatchObject({ faults: [], end: { line: 30 } });
  expect(found.first).toBeGreaterThan(1);
});

describe('a file that cannot be written', () => {
  test('leaves the node behind until it can, and no line is lost or doubled', async () => {
    const log = await started();
    log.take(1, 2);
    await log.written();
    log.files.failure = FULL;
    log.files.tornBytes = 100;
    log.take(3, 4);
    await log.written();
    expect(log.recorder.standing).toMatchObject({ isBehind: true, line: 2 });
    log.take(5);
    await log.clock.advance(3 * WRITE_AGAIN_MS);
    await turns(200);
    expect(log.recorder.recorded.index).toBe(2);
    expect(log.logged.errors).toHaveLength(1);

    log.files.failure = undefined;
    await log.clock.advance(WRITE_AGAIN_MS);
    await turns(200);
    expect(log.recorder.standing).toEqual({ isBehind: false, lagMs: 0, line: 5 });
    expect(await log.verify()).toMatchObject({ lines: 5, faults: [] });
  });

  test('and one that is only slow: the node is behind when a line has waited too long', async () => {
    const log = await started();
    log.files.isSlow = true;
    log.take(1);
    await log.clock.advance(LAG_MS_MAX);
    expect(log.recorder.standing.isBehind).toBe(false);
    await log.clock.advance(1);
    expect(log.recorder.standing.isBehind).toBe(true);
    log.files.release();
    await turns(200);
    expect(log.recorder.standing.isBehind).toBe(false);
  });

  test('holds what is applied when so much waits, and lets it go on', async () => {
    const log = await started();
    log.files.failure = FULL;
    log.take(1, WAITING_ENTRIES_MAX - 1);
    expect(log.recorder.isHeld).toBe(false);
    log.take(WAITING_ENTRIES_MAX);
    expect(log.recorder.isHeld).toBe(true);
    log.files.failure = undefined;
    await log.written();
    await log.clock.advance(WRITE_AGAIN_MS);
    await turns(200);
    expect(log.recorder.isHeld).toBe(false);
    expect(log.recordings).toBeGreaterThan(0);
  });

  test('holds what is applied by its bytes, too', async () => {
    const log = await started();
    log.recorder.take({ index: 1, payload: new Uint8Array(16 * 1024 * 1024) }, [recordAt(1)]);
    expect(log.recorder.isHeld).toBe(true);
  });
});

describe('a start', () => {
  test('goes on where the log ends; entries that are applied again bring no second line', async () => {
    const log = await started();
    log.take(1, 3);
    await log.written();
    const head = log.recorder.recorded;
    log.take(4, 6);
    await log.written();
    const before = await log.files.text();

    await log.start(head);
    log.take(4, 5);
    expect(log.recorder.recorded.index).toBe(5);
    log.take(6, 7);
    await log.written();

    expect(log.logged.alarms).toEqual([]);
    expect((await log.files.text()).startsWith(before)).toBe(true);
    expect(await log.verify()).toMatchObject({ lines: 7, faults: [] });
  });

  test('repairs a log at every byte at which a crash can cut it', async () => {
    const whole = await started();
    whole.take(1, 2);
    await whole.written();
    const head = whole.recorder.recorded;
    const synced = await whole.files.text();
    whole.recorder.take({ index: 3 }, [recordAt(3), recordAt(3)]);
    whole.take(4);
    await whole.written();
    const text = await whole.files.text();
    const [name = ''] = await whole.files.names();

    for (let at = synced.length; at <= text.length; at++) {
      const log = new Written();
      await log.files.write(name, 0, new TextEncoder().encode(text.slice(0, at)));
      await log.start(head);
      log.recorder.take({ index: 3 }, [recordAt(3), recordAt(3)]);
      log.take(4);
      await log.written();
      expect(await log.files.text()).toBe(text);
      expect(log.logged.alarms).toEqual([]);
    }
  });

  test('repairs a new file whose first write was torn', async () => {
    const log = await started(undefined, 0, { fileBytesMax: 300 });
    log.take(1);
    await log.written();
    const head = log.recorder.recorded;
    log.files.failure = FULL;
    log.files.tornBytes = 40;
    log.take(2);
    await log.written();
    expect(await log.files.names()).toHaveLength(2);
    log.files.failure = undefined;

    await log.start(head, head.index, { fileBytesMax: 300 });
    log.take(2);
    await log.written();
    expect(await log.verify()).toMatchObject({ files: 2, lines: 2, faults: [] });
  });

  test('raises an alarm where lines are gone that the store knows, and goes on so that it shows', async () => {
    const log = await started();
    log.take(1, 5);
    await log.written();
    const head = log.recorder.recorded;
    const [name = ''] = await log.files.names();
    const lines = (await log.files.text()).split('\n');
    await log.files.write(name, 0, new TextEncoder().encode(`${lines.slice(0, 4).join('\n')}\n`));

    await log.start(head);
    expect(log.logged.alarms).toEqual(['The audit log lacks lines that this node has written']);
    log.take(6);
    await log.written();
    expect((await log.verify()).faults).toEqual([
      {
        fault: 'missing-lines',
        file: 'audit-000000000006.jsonl',
        at: 1,
        missing: { from: 4, to: 5 },
      },
    ]);
  });

  test('tells a gap where a snapshot brought the state, once, and only of what no line tells', async () => {
    const log = await started();
    log.take(1, 3);
    await log.written();
    const head = log.recorder.recorded;
    log.take(4, 5);
    await log.written();

    // The store knew of 3, the file had 5, and the snapshot is of 90.
    await log.start(head, 90);
    await log.written();
    // Again, before the store knew of the gap.
    await log.start(head, 90);
    log.take(91);
    await log.written();

    const { gaps, faults, lines } = await log.verify();
    expect({ lines, faults }).toEqual({ lines: 7, faults: [] });
    expect(gaps.map(({ all }) => all)).toMatchObject([{ line: 6, index: 90, from: 6, to: 90 }]);
    expect(log.logged.alarms).toEqual([]);
  });

  test('tells a gap from the first entry where an earlier build kept no audit log', async () => {
    const log = await started(undefined, 40);
    await log.written();
    expect((await log.verify()).gaps.map(({ all }) => all)).toMatchObject([{ from: 1, to: 40 }]);
  });

  test('leaves lines as they are that a build told otherwise, with an alarm', async () => {
    const log = await started();
    log.take(1, 2);
    await log.written();
    const head = { ...CHAIN_START, index: 0 };
    const before = await log.files.text();

    await log.start(head);
    log.recorder.take({ index: 1 }, [{ ...recordAt(1), fields: { task: 'another' } }]);
    log.recorder.take({ index: 2 }, []);
    log.take(3);
    await log.written();
    expect(log.logged.alarms).toEqual([
      'The audit log says other than the log',
      'The audit log says other than the log',
    ]);
    expect((await log.files.text()).startsWith(before)).toBe(true);
    expect(await log.verify()).toMatchObject({ lines: 3, faults: [] });
  });
});

test('a stop writes what waits, and gives up on a file that cannot be written', async () => {
  const log = await started();
  log.take(1, 3);
  await log.recorder.stop();
  expect(log.recorder.recorded.index).toBe(3);

  await log.start(log.recorder.recorded);
  log.files.failure = FULL;
  log.take(4);
  await log.recorder.stop();
  expect(log.recorder.recorded.index).toBe(3);
});
