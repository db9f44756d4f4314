import { afterAll, afterEach, describe, expect, test } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { utf8 } from '../../../src/common/index.js';
import {
  commitJob,
  decodeJob,
  ed25519Suite,
  randomBytesOf,
  signShareJob,
  suiteOf,
} from '../../../src/frost/index.js';
import { algorithmJobs } from '../../../src/algorithms/index.js';
import { inlineCompute, nodeVerify, systemRandom, WorkerPool } from '../../../src/machine/index.js';
import { alone } from '../../../src/machine/compute/moved.js';
import type { Compute, JobName } from '../../../src/ports/index.js';
import { Algorithm } from '../../../src/wire/index.js';
import { dealRandom } from '../../support/builders/frost-exchange.js';

const algorithm = Algorithm.FROST_ED25519_SHA512;
const folder = mkdtempSync(join(tmpdir(), 'quorate-compute-'));
const open: WorkerPool[] = [];
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
  program?: string,
  parts: { jobMsMax?: number; jobsMax?: number; workers?: number } = {},
) {
  const made = new WorkerPool({
    workers: 1,
    logger,
    ...parts,
    ...(program !== undefined && { program: programOf(program) }),
  });
  open.push(made);
  return made;
}

let programs = 0;
function programOf(body: string): URL {
  const file = join(folder, `program-${++programs}.mjs`);
  writeFileSync(
    file,
    `import { parentPort as port } from 'node:worker_threads';
     port.on('message', ({ id, name, input }) => { ${body} });`,
  );
  return pathToFileURL(file);
}

afterAll(() => rmSync(folder, { recursive: true }));

const ECHO: JobName<unknown, unknown> = 'echo';
const DIE: JobName<unknown, unknown> = 'die';
const HANG: JobName<unknown, unknown> = 'hang';
/** Answers `echo`, dies of `die`, never ends `hang`. */
const PROGRAM = `
  if (name === 'die') process.exit(1);
  if (name === 'hang') for (;;);
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
      randomness: systemRandom.bytes(randomBytesOf(1)),
    };
    const [made] = await compute.run(commitJob, input, [input.scalar, input.randomness]);
    if (made === undefined) throw new Error('no nonce');
    expect([input.scalar.length, input.randomness.length]).toEqual([0, 0]);
    nonces.push(made);
  }
  const [mine, theirs] = nonces;
  if (mine === undefined || theirs === undefined) throw new Error('no nonces');
  const [scalar, d, e] = [Uint8Array.from(first.scalar), mine.d, mine.e];
  const signed = await compute.run(
    signShareJob,
    {
      algorithm,
      key,
      share: { index: 1, scalar },
      nonce: { d, e },
      B: [
        { index: 1, D: mine.D, E: mine.E },
        { index: 2, D: theirs.D, E: theirs.E },
      ],
      message: utf8('hello'),
    },
    [scalar, d, e],
  );
  return { signed, lengths: [scalar.length, d.length, e.length] };
}

describe.each([
  ['in a worker', (): Compute => pool()],
  ['here', (): Compute => inlineCompute(algorithmJobs({ suiteOf, verify: nodeVerify }))],
])('%s', (_, make) => {
  test('a share is computed, and the nonce and key share given for it are empty afterwards', async () => {
    const { signed, lengths } = await share(make());
    expect(signed).toMatchObject({ share: expect.anything() });
    expect(lengths).toEqual([0, 0, 0]);
  });

  test('what lies in a pool is refused: Node would copy it, and leave the source', async () => {
    const scalar = Buffer.from('00'.repeat(32), 'hex');
    expect(scalar.buffer.byteLength).toBeGreaterThan(32);
    await expect(
      make().run(commitJob, { algorithm, scalar, randomness: new Uint8Array(64) }, [scalar]),
    ).rejects.toThrow('a buffer of its own');
  });

  test('of a view nothing goes along but what it shows', async () => {
    const message = new Uint8Array(100_000).fill(7);
    const compute = make();
    const points = [message.subarray(5, 37), message.subarray(50, 82)];
    expect([...(await compute.run(decodeJob, { algorithm, points }))]).toHaveLength(2);
    const sent = alone({ points, by: new Map([[1, points[0]]]), text: 'x', none: undefined });
    expect(sent).toEqual({ points, by: new Map([[1, points[0]]]), text: 'x', none: undefined });
    const [first] = (sent as { points: Uint8Array[] }).points;
    expect([first?.buffer.byteLength, first?.byteOffset]).toEqual([32, 0]);
  });

  test('what is no point is told from what is one', async () => {
    const { key } = dealRandom(ed25519Suite, 2, 3, systemRandom);
    const points = [key.publicKey, new Uint8Array(32).fill(255), new Uint8Array(31)];
    expect([...(await make().run(decodeJob, { algorithm, points }))]).toEqual([true, false, false]);
  });

  test('a job that breaks an assertion of ours fails, and the next one is computed', async () => {
    const compute = make();
    const unknown = compute.run(decodeJob, { algorithm: 99 as Algorithm, points: [] });
    await expect(unknown).rejects.toThrow('of a known algorithm');
    expect([...(await compute.run(decodeJob, { algorithm, points: [] }))]).toEqual([]);
  });
});

describe('a worker', () => {
  test('that dies fails what it had, is replaced, and nothing is tried again', async () => {
    const compute = pool(PROGRAM);
    await compute.run(ECHO, 1);
    const results = await Promise.allSettled([compute.run(DIE, 1), compute.run(ECHO, 2)]);
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(compute.idle()).toBe(true);
    expect(await compute.run(ECHO, 3)).toBe(3);
    expect(errors).toEqual(['A compute worker is replaced']);
  });

  test('that cannot even start is not started over and over: each job finds that out once', async () => {
    const compute = pool('', {});
    await compute.close();
    const broken = new WorkerPool({
      workers: 1,
      logger,
      program: pathToFileURL(join(folder, 'there-is-none.mjs')),
    });
    open.push(broken);
    for (let job = 0; job < 3; job++)
      await expect(broken.run(ECHO, job)).rejects.toThrow('A worker ended');
    expect(errors.length).toBeLessThanOrEqual(3);
  });

  test('that takes too long is ended, and the others go on meanwhile', async () => {
    const compute = pool(PROGRAM, { jobMsMax: 500, workers: 2 });
    await Promise.all([compute.run(ECHO, 1), compute.run(ECHO, 1)]);
    const hanging = compute.run(HANG, 1);
    expect(await compute.run(ECHO, 2)).toBe(2);
    await expect(hanging).rejects.toMatchObject({ code: 'deadline' });
    expect(await Promise.all([compute.run(ECHO, 3), compute.run(ECHO, 4)])).toEqual([3, 4]);
  });

  test('has so many jobs and no more: what was given away for the next is wiped', async () => {
    const compute = pool(PROGRAM, { jobsMax: 2 });
    const running = [compute.run(ECHO, 1), compute.run(ECHO, 2)];
    const nonce = new Uint8Array(32).fill(7);
    await expect(compute.run(ECHO, nonce, [nonce])).rejects.toMatchObject({ code: 'overloaded' });
    expect(nonce).toEqual(new Uint8Array(32));
    await Promise.all(running);
    expect(compute.idle()).toBe(true);
  });

  test('ends with the node: what it had fails, and nothing is computed after', async () => {
    const compute = pool(PROGRAM);
    const running = compute.run(HANG, 1);
    void compute.close();
    await expect(running).rejects.toMatchObject({ code: 'cancelled' });
    await expect(compute.run(ECHO, 1)).rejects.toMatchObject({ code: 'cancelled' });
    expect(errors).toEqual([]);
  });

  test('sees no environment of the node', async () => {
    const compute = pool('port.postMessage({ id, output: Object.keys(process.env) });');
    expect(await compute.run(ECHO, 1)).toEqual([]);
  });
});
