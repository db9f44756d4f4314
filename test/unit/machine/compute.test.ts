import { afterAll, afterEach, describe, expect, test } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { utf8 } from '../../../src/common/index.js';
import {
  algorithmJobs,
  checkSuppliesJob,
  makeSuppliesJob,
  SCHEMES,
  supplySigning,
  signShareJob,
  type Schemes,
} from '../../../src/algorithms/index.js';
import {
  chooseBackends,
  inlineCompute,
  systemRandom,
  VERIFIERS,
  type BackendNames,
} from '../../../src/machine/index.js';
import { LanePools } from '../../../src/machine/compute/lane-pools.js';
import { WorkerPool } from '../../../src/machine/compute/pool.js';
import { GG20 } from '../../support/builders/schemes.js';
import { alone } from '../../../src/machine/compute/moved.js';
import type { Compute, Job, Lane } from '../../../src/ports/index.js';
import { Algorithm } from '../../../src/wire/index.js';
import { KINDS_OF_ARITHMETIC } from '../../support/builders/backends.js';
import { dealRandom } from '../../support/builders/frost-exchange.js';
import { ed25519Suite } from '../../support/builders/schemes.js';

const algorithm = Algorithm.FROST_ED25519_SHA512;
const { names: backends } = await chooseBackends('auto');
const folder = mkdtempSync(join(tmpdir(), 'quorate-compute-'));
const open: (WorkerPool | LanePools)[] = [];
const errors: string[] = [];
const logger = {
  debug() {},
  info() {},
  warn() {},
  error: (message: string) => errors.push(message),
  alarm() {},
};

afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => each.close()));
  errors.length = 0;
});

/** Workers that run `program` for each `{ id, name, input }`, or the real ones. */
function pool(
  program?: string | URL,
  parts: {
    jobMsMax?: number;
    workerSilentMsMax?: number;
    jobsMax?: Partial<Record<Lane, number>>;
    workers?: number;
    backends?: BackendNames;
  } = {},
) {
  const made = new WorkerPool({
    workers: 1,
    backends,
    logger,
    ...parts,
    ...(program !== undefined && {
      program: program instanceof URL ? program : programOf(program),
    }),
  });
  open.push(made);
  return made;
}

let programs = 0;
const CLOCK = new URL('../../../src/machine/compute/job-clock.js', import.meta.url).href;
function programOf(body: string, atStart = ''): URL {
  const file = join(folder, `program-${++programs}.mjs`);
  writeFileSync(
    file,
    `import { parentPort as port, workerData } from 'node:worker_threads';
     import { JobClock } from '${CLOCK}';
     const clock = new JobClock(workerData.clock);
     ${atStart}
     port.on('message', ({ id, name, input }) => { clock.begin(id); ${body}; clock.end(); });`,
  );
  return pathToFileURL(file);
}

afterAll(() => rmSync(folder, { recursive: true }));

/** A job of the programs above: what it does, the worker knows. */
function jobOf(
  name: string,
  lane: Lane = 'signing',
  takes: Job<unknown, unknown>['takes'] = () => [],
): Job<unknown, unknown> {
  return { name, lane, takes, compute: () => undefined };
}
const ECHO = jobOf('echo');
const DIE = jobOf('die');
const HANG = jobOf('hang');
/** Answers `echo`, takes 100 ms for `slow`, dies of `die`, never ends `hang`. */
const PROGRAM = `
  if (name === 'die') process.exit(1);
  if (name === 'hang') for (;;);
  if (name === 'slow') for (const end = Date.now() + 100; Date.now() < end; );
  port.postMessage({ id, output: input });`;

/** One signature share, and what was moved for it. */
async function share(compute: Compute): Promise<{ signed: unknown; lengths: readonly number[] }> {
  const { key, shares } = dealRandom(ed25519Suite, 2, 3, systemRandom);
  const [first, second] = shares;
  if (first === undefined || second === undefined) throw new Error('no shares');
  const nonces = [];
  for (const { scalar } of [first, second]) {
    const input = {
      algorithm,
      scalar: Uint8Array.from(scalar),
      randomness: systemRandom.bytes(supplySigning(SCHEMES, algorithm).supplyRandomBytes),
    };
    const [made] = await compute.run(makeSuppliesJob, input);
    if (made === undefined) throw new Error('no nonce');
    expect([input.scalar.length, input.randomness.length]).toEqual([0, 0]);
    nonces.push(made);
  }
  const [mine, theirs] = nonces;
  if (mine === undefined || theirs === undefined) throw new Error('no nonces');
  const [scalar, { secret }] = [Uint8Array.from(first.scalar), mine];
  const signed = await compute.run(signShareJob, {
    algorithm,
    key,
    share: { index: 1, scalar },
    secret,
    signers: [
      { index: 1, parts: mine.parts },
      { index: 2, parts: theirs.parts },
    ],
    message: utf8('hello'),
  });
  return { signed, lengths: [scalar.length, secret.length] };
}

describe.each([
  ...KINDS_OF_ARITHMETIC.map(
    ({ kind, arithmetic }) =>
      [
        `in a worker by ${kind} backends`,
        (): Compute => pool(undefined, { backends: arithmetic.backends }),
      ] as const,
  ),
  [
    'here',
    (): Compute =>
      inlineCompute(algorithmJobs({ schemes: SCHEMES, verifiers: VERIFIERS, gg20: GG20 })),
  ],
])('%s', (_, make) => {
  test('a share is computed, and the nonce and key share given for it are empty afterwards', async () => {
    const { signed, lengths } = await share(make());
    expect(signed).toMatchObject({ share: expect.anything() });
    expect(lengths).toEqual([0, 0]);
  });

  test('a secret in a pooled buffer is refused: Node would copy it, and leave the source', async () => {
    const scalar = Buffer.from('00'.repeat(32), 'hex');
    expect(scalar.buffer.byteLength).toBeGreaterThan(32);
    await expect(
      make().run(makeSuppliesJob, { algorithm, scalar, randomness: new Uint8Array(64) }),
    ).rejects.toThrow('a buffer of its own');
  });

  test('of a view only its own bytes are sent', async () => {
    const message = new Uint8Array(100_000).fill(7);
    const compute = make();
    const points = [message.subarray(5, 37), message.subarray(50, 82)];
    const supplies = [points, points];
    expect([...(await compute.run(checkSuppliesJob, { algorithm, supplies }))]).toHaveLength(2);
    const sent = alone({ points, by: new Map([[1, points[0]]]), text: 'x', none: undefined });
    expect(sent).toEqual({ points, by: new Map([[1, points[0]]]), text: 'x', none: undefined });
    const [first] = (sent as { points: Uint8Array[] }).points;
    expect([first?.buffer.byteLength, first?.byteOffset]).toEqual([32, 0]);
  });

  test('a job tells points from bytes that are none', async () => {
    const { key } = dealRandom(ed25519Suite, 2, 3, systemRandom);
    const points = [key.publicKey, new Uint8Array(32).fill(255), new Uint8Array(31)];
    const supplies = [...points.map((each) => [key.publicKey, each]), [key.publicKey]];
    expect([...(await make().run(checkSuppliesJob, { algorithm, supplies }))]).toEqual([
      true,
      false,
      false,
      false,
    ]);
  });

  test('a job that breaks an assertion of ours fails, and the next job is computed', async () => {
    const compute = make();
    const none = { algorithm, scalar: new Uint8Array(32), randomness: new Uint8Array(1) };
    const wrong = compute.run(makeSuppliesJob, { ...none, randomness: new Uint8Array(65) });
    await expect(wrong).rejects.toThrow('whole supplies');
    expect([...(await compute.run(checkSuppliesJob, { algorithm, supplies: [] }))]).toEqual([]);
  });
});

test('a job refuses the input type of another job', () => {
  const compute = inlineCompute(new Map());
  // @ts-expect-error -- there are no points in the input of this job
  void compute.run(checkSuppliesJob, { algorithm, points: [] }).catch(() => undefined);
  // @ts-expect-error -- a table with one algorithm is no table of algorithms
  const schemes: Schemes = { [algorithm]: SCHEMES[algorithm] };
  expect(schemes).toBeDefined();
});

describe('a worker thread', () => {
  test('a worker that dies fails its jobs, is replaced, and no job is tried again', async () => {
    const compute = pool(PROGRAM);
    await compute.run(ECHO, 1);
    const results = await Promise.allSettled([compute.run(DIE, 1), compute.run(ECHO, 2)]);
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(compute.idle()).toBe(true);
    expect(await compute.run(ECHO, 3)).toBe(3);
    expect(errors).toEqual(['A compute worker is replaced']);
  });

  test('a worker that cannot start is not restarted over and over: each job finds out once', async () => {
    const compute = pool('', {});
    await compute.close();
    const broken = new WorkerPool({
      workers: 1,
      backends,
      logger,
      program: pathToFileURL(join(folder, 'there-is-none.mjs')),
    });
    open.push(broken);
    for (let job = 0; job < 3; job++)
      await expect(broken.run(ECHO, job)).rejects.toThrow('A worker ended');
    expect(errors.length).toBeLessThanOrEqual(3);
  });

  test('a worker computes with the packages that it is told, and ends where one is missing', async () => {
    const compute = pool(undefined, { backends: { ...backends, ed25519: 'there-is-none' } });
    await expect(compute.run(checkSuppliesJob, { algorithm, supplies: [] })).rejects.toThrow(
      'A worker ended',
    );
  });

  test('a worker that takes too long is ended, and the others go on meanwhile', async () => {
    const compute = pool(PROGRAM, { jobMsMax: 500, workers: 2 });
    await Promise.all([compute.run(ECHO, 1), compute.run(ECHO, 1)]);
    const hanging = compute.run(HANG, 1);
    expect(await compute.run(ECHO, 2)).toBe(2);
    await expect(hanging).rejects.toMatchObject({ code: 'deadline' });
    expect(await Promise.all([compute.run(ECHO, 3), compute.run(ECHO, 4)])).toEqual([3, 4]);
  });

  test('a worker queues a bounded number of jobs: the secrets of a refused job are wiped', async () => {
    const compute = pool(PROGRAM, { jobsMax: { signing: 2 } });
    const running = [compute.run(ECHO, 1), compute.run(ECHO, 2)];
    const nonce = new Uint8Array(32).fill(7);
    const taking = jobOf('echo', 'signing', () => [nonce]);
    await expect(compute.run(taking, nonce)).rejects.toMatchObject({ code: 'overloaded' });
    expect(nonce).toEqual(new Uint8Array(32));
    await Promise.all(running);
    expect(compute.idle()).toBe(true);
  });

  test('a signature waits for no long job: these have workers of their own', async () => {
    const made = new LanePools({ workers: 1, backends, logger, program: programOf(PROGRAM) });
    open.push(made);
    const long = [made.run(jobOf('hang', 'generation'), 1), made.run(jobOf('echo', 'pools'), 2)];
    const ended = Promise.allSettled(long);

    expect(await made.run(ECHO, 3)).toBe(3);
    expect(await made.run(jobOf('echo', 'peers'), 4)).toBe(4);
    expect(made.idle()).toBe(false);

    await made.close();
    expect((await ended).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(made.idle()).toBe(true);
  });

  test('workers beyond those that start at once start when jobs wait for them', async () => {
    const program = programOf(PROGRAM);
    const made = new WorkerPool({ workers: 2, backends, logger, program, startedAtOnce: 0 });
    open.push(made);
    const long = Promise.allSettled([made.run(HANG, 1)]);

    expect(await made.run(jobOf('echo', 'peers'), 2)).toBe(2);

    await made.close();
    expect(await long).toMatchObject([{ status: 'rejected' }]);
  });

  test('a worker ends with its node: its jobs fail, and no job is computed afterwards', async () => {
    const compute = pool(PROGRAM);
    const running = compute.run(HANG, 1);
    void compute.close();
    await expect(running).rejects.toMatchObject({ code: 'cancelled' });
    await expect(compute.run(ECHO, 1)).rejects.toMatchObject({ code: 'cancelled' });
    expect(errors).toEqual([]);
  });

  test('workers compute signatures before key generation, and both before judgements of what peers sent', async () => {
    const compute = pool(PROGRAM);
    const order: unknown[] = [];
    const ask = (name: string, lane: Lane, input: string) =>
      compute.run(jobOf(name, lane), input).then((output) => order.push(output));
    await Promise.all([
      ask('slow', 'peers', 'running'),
      ask('echo', 'peers', 'peers'),
      ask('echo', 'generation', 'generation 1'),
      ask('echo', 'generation', 'generation 2'),
      ask('slow', 'signing', 'signing 1'),
      ask('echo', 'signing', 'signing 2'),
      ask('echo', 'signing', 'signing 3'),
    ]);
    expect(order).toEqual([
      'running',
      'signing 1',
      'signing 2',
      'signing 3',
      'generation 1',
      'generation 2',
      'peers',
    ]);
    expect(compute.idle()).toBe(true);
  });

  test('a job that a peer caused has its turn after eight others, however many of them wait', async () => {
    const compute = pool(PROGRAM);
    const order: unknown[] = [];
    const ask = (name: string, lane: Lane, input: string) =>
      compute.run(jobOf(name, lane), input).then((output) => order.push(output));
    const running = ask('slow', 'generation', 'running');
    const others = Array.from({ length: 20 }, (_, at) => ask('echo', 'generation', `${at}`));
    await Promise.all([running, ask('echo', 'peers', 'peers'), ...others]);
    expect(order.indexOf('peers')).toBe(9);
    expect(order).toHaveLength(22);
  });

  test('each lane has its own bound: a full lane refuses no job of another', async () => {
    const compute = pool(PROGRAM, { jobsMax: { peers: 1 } });
    const filling = compute.run(jobOf('slow', 'peers'), 1);
    const more = compute.run(jobOf('slow', 'peers'), 2);
    await expect(more).rejects.toMatchObject({ code: 'overloaded' });
    expect(await compute.run(ECHO, 3)).toBe(3);
    expect(await filling).toBe(1);
  });

  test('a waiting job owns its secrets, and its caller has them no more', async () => {
    const compute = pool(PROGRAM);
    const [nonce, input] = [new Uint8Array(32).fill(7), { nonce: new Uint8Array(0) }];
    input.nonce = nonce;
    const taking: Job<{ nonce: Uint8Array }, unknown> = {
      name: 'echo',
      lane: 'generation',
      takes: (given) => [given.nonce],
      compute: () => undefined,
    };
    const running = compute.run(jobOf('slow'), 1);
    const waiting = compute.run(taking, input);
    expect(nonce).toHaveLength(0);
    await running;
    expect(await waiting).toEqual({ nonce: new Uint8Array(32).fill(7) });
  });

  test('the time limit of a job starts with its computation, not with its wait', async () => {
    const compute = pool(PROGRAM, { jobMsMax: 250 });
    await compute.run(ECHO, 0);
    const jobs = [1, 2, 3, 4, 5].map((each) => compute.run(jobOf('slow'), each));
    expect(await Promise.all(jobs)).toEqual([1, 2, 3, 4, 5]);
  });

  test('a job that says that it takes long has the time that it says, and no more', async () => {
    const compute = pool(PROGRAM, { jobMsMax: 20 });
    await compute.run(ECHO, 0);
    expect(await compute.run({ ...jobOf('slow'), msMax: 60_000 }, 1)).toBe(1);
    await expect(compute.run({ ...HANG, msMax: 200 }, 1)).rejects.toMatchObject({
      code: 'deadline',
    });
  });

  test('the time limit of a job starts when a worker takes it: a worker that starts slowly costs no job', async () => {
    const slowStart = programOf(PROGRAM, 'for (const end = Date.now() + 400; Date.now() < end; );');
    const compute = pool(slowStart, { jobMsMax: 100 });
    expect(await compute.run(ECHO, 1)).toBe(1);
    expect(errors).toEqual([]);
  });

  test('a job that is done costs its worker nothing, though the main thread sees the answer late', async () => {
    const compute = pool(PROGRAM, { jobMsMax: 50 });
    await compute.run(ECHO, 0);
    const answered = compute.run(ECHO, 1);
    for (const end = Date.now() + 200; Date.now() < end;);
    expect(await answered).toBe(1);
    expect(errors).toEqual([]);
  });

  test('a worker that takes no job is ended after a while', async () => {
    const deaf = programOf(PROGRAM, 'setInterval(() => {}, 1000); port.on = () => {};');
    const compute = pool(deaf, { jobMsMax: 20, workerSilentMsMax: 60 });
    await expect(compute.run(ECHO, 1)).rejects.toMatchObject({ code: 'deadline' });
  });

  test('a job that a peer caused takes no job with a nonce with it when it takes too long', async () => {
    const compute = pool(PROGRAM, { jobMsMax: 200 });
    await compute.run(ECHO, 0);
    const hanging = compute.run(jobOf('hang', 'peers'), 1);
    const nonces = [1, 2, 3].map((each) => compute.run(ECHO, each));
    await expect(hanging).rejects.toMatchObject({ code: 'deadline' });
    expect(await Promise.all(nonces)).toEqual([1, 2, 3]);
  });

  test('a worker sees no environment variable of the node', async () => {
    const compute = pool('port.postMessage({ id, output: Object.keys(process.env) });');
    expect(await compute.run(ECHO, 1)).toEqual([]);
  });
});
