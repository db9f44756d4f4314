import { expect, test } from '@jest/globals';

import { keyId, sessionId } from '../../../src/common/index.js';
import type { Entry, Write } from '../../../src/ports/index.js';
import { EPOCH_MS, MachineClock } from '../../simulation/clock.js';
import {
  ConsensusDisk,
  openConsensusStore,
  openShareStore,
  ShareDisk,
  tornBatch,
  type DiskTiming,
  type Fate,
} from '../../simulation/disk.js';
import { paceOf } from '../../simulation/counts.js';
import { EventQueue } from '../../simulation/event-queue.js';
import { Rng } from '../../simulation/rng.js';
import { drawFaultRates } from '../../simulation/fault-rates.js';
import { logOf } from './builders.js';

function draw(seed: number, purpose: string): number[] {
  const rng = new Rng(seed, purpose);
  return Array.from({ length: 5 }, () => rng.u32());
}

test('randomness is the same for the same seed and purpose, and differs for any other', () => {
  expect(draw(1, 'network')).toEqual(draw(1, 'network'));
  expect(draw(1, 'network')).not.toEqual(draw(1, 'disk'));
  expect(draw(1, 'network')).not.toEqual(draw(2, 'network'));
});

test('the pace of a run is its events in a second', () => {
  expect(paceOf({ events: 3_001 }, 2_000)).toEqual({ seconds: 2, eventsPerSecond: 1_501 });
  expect(paceOf({ events: 5 }, 0).eventsPerSecond).toBe(0);
});

test('random numbers stay in their ranges and fill them', () => {
  const rng = new Rng(3, 'test');
  const seen = new Set(Array.from({ length: 200 }, () => rng.int(5)));
  expect(seen).toEqual(new Set([0, 1, 2, 3, 4]));
  expect(new Set(rng.shuffle([1, 2, 3, 4]))).toEqual(new Set([1, 2, 3, 4]));
});

test('events come in order of time, and of arrival where times are equal', () => {
  const queue = new EventQueue<number>();
  const rng = new Rng(4, 'test');
  const times = Array.from({ length: 300 }, () => rng.int(40));
  times.forEach((at, number) => queue.push(at, number));

  const popped = times.map(() => queue.pop());
  const wanted = times.map((at, event) => ({ at, event })).sort((a, b) => a.at - b.at);
  expect(popped.map((each) => each?.event)).toEqual(wanted.map(({ event }) => event));
  expect(queue.pop()).toBeUndefined();
});

test('a clock jump moves the shown time and no delay', () => {
  let trueMs = 0;
  const scheduled: number[] = [];
  const machine = new MachineClock(() => trueMs, 500, 2);
  const clock = machine.port((atMs) => void scheduled.push(atMs));

  expect(clock.now()).toBe(EPOCH_MS + 500);
  trueMs = 10;
  expect(clock.now()).toBe(EPOCH_MS + 520);
  clock.after(100, () => undefined);
  machine.jump(-3_600_000);
  expect(clock.now()).toBe(EPOCH_MS + 520 - 3_600_000);
  expect(clock.elapsed()).toBe(20);
  expect(scheduled).toEqual([60]);
});

/** Time that a test moves by hand, for one life of one process. */
class Bench implements DiskTiming {
  alive = true;
  readonly #due: { readonly atMs: number; readonly run: () => void }[] = [];

  latencyMs = (): number => 10;
  durableAt = (): number => 0.5;
  next: Fate = 'good';
  fate = (): Fate => this.next;
  onDisk = (afterMs: number, run: () => void): void => void this.#due.push({ atMs: afterMs, run });
  inProcess = this.onDisk;

  /** Runs what is due by `untilMs`. */
  pass(untilMs: number): void {
    for (const { atMs, run } of this.#due.splice(0)) {
      if (atMs > untilMs) this.#due.push({ atMs, run });
      else if (this.alive) run();
    }
  }
}

const deaf = {
  begun: () => undefined,
  durable: () => undefined,
  erased: () => undefined,
  failed: () => undefined,
  misuse: () => undefined,
};

test.each([
  ['full', 0],
  ['failed', 0],
  ['failed but kept', 1],
] as const)(
  'a write of the simulated disk that is %s is refused, and leaves %i entries',
  async (fate, kept) => {
    const [disk, bench] = [new ConsensusDisk(), new Bench()];
    let failures = 0;
    const store = openConsensusStore(disk, bench, { ...deaf, failed: () => void failures++ });
    bench.next = fate;
    const written = store.persist({ entries: logOf([1]), writes: [], applied: 0 });
    bench.pass(10);
    await expect(written).rejects.toThrow(fate === 'full' ? 'The disk is full' : 'EIO');
    expect([failures, disk.entries.length]).toEqual([1, kept]);
  },
);

test('a flipped bit shows in every read, and is gone after its repair', async () => {
  const [disk, bench] = [new ConsensusDisk(), new Bench()];
  disk.commit({ entries: logOf([1, 1, 1]), writes: [], applied: 0 });
  const read = async (): Promise<readonly Entry[]> => {
    const loading = openConsensusStore(disk, bench, deaf).load();
    bench.pass(10);
    return [...(await loading).entries];
  };
  disk.rotten = 2;
  expect((await read()).map((entry, at) => entry === disk.entries[at])).toEqual([
    true,
    false,
    true,
  ]);
  disk.rotten = undefined;
  expect(await read()).toEqual(disk.entries);
});

test('a torn batch leaves its first entries, without its writes', () => {
  const batch = { entries: logOf([1, 1, 1, 1]), writes: [write(1, 1)], applied: 3 };
  expect(tornBatch(batch, 0.5, 0)).toEqual({
    entries: batch.entries.slice(0, 2),
    writes: [],
    applied: 0,
  });
});

test('an image of a disk restores all of its contents', () => {
  const disk = new ConsensusDisk();
  disk.commit({ entries: logOf([1]), writes: [write(1, 1)], applied: 1 });
  const before = disk.stateHash;
  const goBack = disk.image();
  disk.commit({
    hardState: { term: 7, votedFor: undefined },
    truncateFrom: 1,
    entries: logOf([2, 2]),
    writes: [write(1, 2), write(2, 2)],
    applied: 2,
  });
  goBack();
  expect([disk.hardState.term, disk.entries.length, disk.applied, disk.stateHash]).toEqual([
    0,
    1,
    1,
    before,
  ]);
  expect(disk.get(Uint8Array.of(2))).toBeUndefined();
});

test('a batch is durable as a whole some time before the process learns of it', async () => {
  const [disk, bench] = [new ConsensusDisk(), new Bench()];
  const store = openConsensusStore(disk, bench, {
    ...deaf,
    misuse: (what) => {
      throw new Error(what);
    },
  });
  const writes = [[Uint8Array.of(1), Uint8Array.of(2)]] as const;
  let known = false;
  const done = store.persist({ entries: logOf([1, 1]), writes, applied: 1 });
  const learn = async (): Promise<void> => {
    await done;
    known = true;
  };
  const learned = learn();

  bench.pass(4);
  expect([disk.entries.length, disk.applied, store.get(Uint8Array.of(1))]).toEqual([
    0,
    0,
    undefined,
  ]);
  bench.pass(5);
  expect([disk.entries.length, disk.applied, store.get(Uint8Array.of(1))]).toEqual([
    2,
    1,
    Uint8Array.of(2),
  ]);
  expect(known).toBe(false);
  bench.pass(10);
  await learned;
  expect(known).toBe(true);
});

test('a crash loses log entries and shares that were not durable', () => {
  const [disk, shares, bench] = [new ConsensusDisk(), new ShareDisk(), new Bench()];
  const events = deaf;
  void openConsensusStore(disk, bench, events).persist({
    hardState: { term: 4, votedFor: undefined },
    entries: logOf([1]),
    writes: [],
    applied: 0,
  });
  const id = { keyId: keyId('k'), sessionId: sessionId('s') };
  void openShareStore(shares, bench, events).putIfAbsent(id, Uint8Array.of(1));

  bench.alive = false;
  bench.pass(100);
  expect(disk.entries).toEqual([]);
  expect(disk.hardState.term).toBe(0);
  expect(shares.list({ limit: 1 }).items).toEqual([]);
});

test('the simulated state is scanned by prefix in bytewise order', () => {
  const disk = new ConsensusDisk();
  const keys = [[2, 200], [2], [1, 255], [3], [2, 3], [2, 3, 0]].map((key) => Uint8Array.from(key));
  const writes = keys.map((key) => [key, Uint8Array.of(1)] as const);
  disk.commit({ entries: [], writes, applied: 0 });
  disk.commit({ entries: [], writes: [[Uint8Array.of(2), undefined]], applied: 0 });

  const scan = (prefix: number[], from?: number[]): number[][] =>
    [...disk.scan(Uint8Array.from(prefix), from && Uint8Array.from(from))].map(([key]) => [...key]);
  expect(scan([2])).toEqual([
    [2, 3],
    [2, 3, 0],
    [2, 200],
  ]);
  expect(scan([2], [2, 3, 0])).toEqual([
    [2, 3, 0],
    [2, 200],
  ]);
  expect(scan([9])).toEqual([]);
});

function write(key: number, value?: number): Write {
  return [Uint8Array.of(key), value === undefined ? undefined : Uint8Array.of(value)];
}

test('equal states have equal hashes, whatever writes led to them', () => {
  const [one, two] = [new ConsensusDisk(), new ConsensusDisk()];
  one.commit({ entries: [], writes: [write(1, 1), write(2, 2)], applied: 0 });
  two.commit({ entries: [], writes: [write(2, 9), write(3, 3)], applied: 0 });
  expect(one.stateHash).not.toBe(two.stateHash);
  two.commit({ entries: [], writes: [write(2, 2), write(3), write(1, 1)], applied: 0 });
  expect(one.stateHash).toBe(two.stateHash);
});

test('every class of faults is off for some seeds and on for others', () => {
  const all = Array.from({ length: 100 }, (_, seed) => drawFaultRates(seed));
  const shares = (on: (rates: (typeof all)[number]) => boolean): number =>
    all.filter(on).length / all.length;
  for (const share of [
    shares(({ nodes }) => nodes === 5),
    shares(({ network }) => network.loss > 0),
    shares(({ network }) => network.duplicates > 0),
    shares(({ every }) => every.partitionMs !== undefined),
    shares(({ every }) => every.crashMs !== undefined),
    shares(({ every }) => every.pauseMs !== undefined),
    shares(({ every }) => every.clockJumpMs !== undefined),
    shares(({ crashAfterVote }) => crashAfterVote > 0),
  ]) {
    expect(share).toBeGreaterThan(0.05);
    expect(share).toBeLessThan(0.98);
  }
});
