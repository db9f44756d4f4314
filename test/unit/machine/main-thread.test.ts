import { afterEach, describe, expect, test } from '@jest/globals';
import { HERE_MS_MAX, MainThread } from '../../../src/machine/compute/main-thread.js';
import { QUICK_MS_MAX } from '../../../src/machine/compute/job-costs.js';
import { algorithmJobs, makeSuppliesJob } from '../../../src/algorithms/index.js';
import { chooseBackends } from '../../../src/machine/index.js';
import { WorkerPool } from '../../../src/machine/compute/pool.js';
import type { BoundJob, Job, Lane } from '../../../src/ports/index.js';
import { Algorithm } from '../../../src/wire/index.js';
import { KINDS_OF_ARITHMETIC } from '../../support/builders/backends.js';

type Work = { readonly size: number; readonly secret: Uint8Array };

/** Answers with the input that it was computed with, which costs what its test says. */
function jobIn(lane: Lane, knowsWork = true): Job<Work, Work> {
  return {
    name: 'test/echo',
    lane,
    takes: ({ secret }) => [secret],
    ...(knowsWork && { work: ({ size }: Work) => `${size}` }),
    compute: (input) => input,
  };
}

/** A main thread on which each job takes `costMs`, by a clock that nothing else moves. */
function mainThread(costMs: { now: number }, run = (input: unknown): unknown => input) {
  let at = 0;
  const bound: BoundJob = {
    run: (input) => {
      at += costMs.now;
      return { output: run(input), given: [] };
    },
  };
  return new MainThread(new Map([['test/echo', bound]]), () => at);
}

const work = (size = 1): Work => ({ size, secret: new Uint8Array(32).fill(7) });
const signing = jobIn('signing');
const turn = () => new Promise(setImmediate);

/** A thread that knows that the work takes this long. */
function taught(ms: number, size = 1) {
  const cost = { now: ms };
  const thread = mainThread(cost);
  for (let times = 0; times < 5; times++) thread.learn(`test/echo ${size}`, ms);
  return { thread, cost };
}

describe('the main thread takes', () => {
  test('work that has been quick three times, and no work that is new', () => {
    const thread = mainThread({ now: 0.1 });
    for (let times = 0; times < 3; times++) {
      expect(thread.takes(signing, work())).toBe(false);
      thread.learn('test/echo 1', 0.1);
    }
    expect(thread.takes(signing, work())).toBe(true);
    expect(thread.takes(signing, work(2))).toBe(false);
  });

  test('no work that takes longer, and a single pause makes no work dear', () => {
    expect(taught(QUICK_MS_MAX).thread.takes(signing, work())).toBe(false);
    const { thread } = taught(QUICK_MS_MAX / 2);
    thread.learn('test/echo 1', 1_000);
    expect(thread.takes(signing, work())).toBe(true);
    for (let times = 0; times < 3; times++) thread.learn('test/echo 1', QUICK_MS_MAX * 2);
    expect(thread.takes(signing, work())).toBe(false);
  });

  test.each<Lane>(['generation', 'peers'])('no job of the lane %s, however quick', (lane) => {
    expect(taught(0.01).thread.takes(jobIn(lane), work())).toBe(false);
  });

  test('no job that does not say what it costs', () => {
    expect(taught(0.01).thread.takes(jobIn('signing', false), work())).toBe(false);
  });

  test('no more in one turn of the loop than its time allows, and again in the next', async () => {
    const { thread } = taught(QUICK_MS_MAX / 2);
    let taken = 0;
    while (thread.takes(signing, work())) {
      thread.compute(signing, work());
      taken += 1;
    }
    expect(taken).toBe(Math.ceil(HERE_MS_MAX / (QUICK_MS_MAX / 2)));

    await turn();
    expect(thread.takes(signing, work())).toBe(true);
  });
});

describe('the main thread computes', () => {
  test('from a copy, and the secret that was given away is empty at the caller', () => {
    const { thread } = taught(0.1);
    const input = work();
    const output = thread.compute(signing, input);
    expect(input.secret.length).toBe(0);
    expect(output).toEqual({ size: 1, secret: new Uint8Array(32).fill(7) });
  });

  test('no secret in a buffer that it shares with others', () => {
    const secret = new Uint8Array(64).subarray(32);
    expect(() => taught(0.1).thread.compute(signing, { size: 1, secret })).toThrow(
      'a buffer of its own',
    );
  });
});

describe('a pool with a main thread', () => {
  const open: WorkerPool[] = [];
  const logger = { debug() {}, info() {}, warn() {}, error() {}, alarm() {} };
  afterEach(async () => {
    await Promise.all(open.splice(0).map((each) => each.close()));
  });

  const algorithm = Algorithm.FROST_ED25519_SHA512;
  const input = () => ({
    algorithm,
    scalar: new Uint8Array(32).fill(1),
    randomness: new Uint8Array(64),
  });

  test('learns what jobs cost from its workers, and then leaves quick ones to the thread that asks', async () => {
    const [{ arithmetic }] = KINDS_OF_ARITHMETIC as [(typeof KINDS_OF_ARITHMETIC)[0]];
    const here: string[] = [];
    const jobs = new Map(
      [...algorithmJobs(arithmetic)].map(([name, { run }]) => [
        name,
        { run: (given: unknown) => (here.push(name), run(given)) },
      ]),
    );
    // By its clock a job takes no time; what workers say is the time that they took.
    const main = new MainThread(jobs, () => 0);
    const { names: backends } = await chooseBackends('auto');
    const pool = new WorkerPool({ workers: 1, backends, logger, mainThread: main });
    open.push(pool);

    const first = await pool.run(makeSuppliesJob, input());
    expect(here).toEqual([]);
    for (let times = 0; times < 5; times++)
      main.learn(`${makeSuppliesJob.name} ${algorithm} 64`, 0.01);
    const given = input();
    const second = pool.run(makeSuppliesJob, given);
    expect([here, given.scalar.length, given.randomness.length]).toEqual([
      [makeSuppliesJob.name],
      0,
      0,
    ]);
    expect((await second).map(({ parts }) => parts.length)).toEqual(
      first.map(({ parts }) => parts.length),
    );
    expect(pool.idle()).toBe(true);
  });

  test('computes nothing here after it was closed', async () => {
    const { thread } = taught(0.1);
    const { names: backends } = await chooseBackends('auto');
    const pool = new WorkerPool({ workers: 1, backends, logger, mainThread: thread });
    await pool.close();
    const late = work();
    await expect(pool.run(signing, late)).rejects.toMatchObject({ code: 'cancelled' });
    expect([...late.secret]).toEqual([...new Uint8Array(32)]);
  });

  test('fails a job that breaks an assertion of ours, as a worker does', async () => {
    const main = mainThread({ now: 0.1 }, () => {
      throw new Error('a broken assertion');
    });
    for (let times = 0; times < 5; times++) main.learn('test/echo 1', 0.1);
    const { names: backends } = await chooseBackends('auto');
    const pool = new WorkerPool({ workers: 1, backends, logger, mainThread: main });
    open.push(pool);
    await expect(pool.run(signing, work())).rejects.toThrow('a broken assertion');
  });
});
