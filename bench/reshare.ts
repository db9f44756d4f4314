/**
 * What a client that signs sees of a reshare: `npm run bench:reshare [-- --seconds 30 --in-flight 4 --every 10] [--algorithm
 * GG20_SECP256K1 --gg20-profile P2048] [--json]`. Signs with one key all the time, and shares it anew every few seconds, after as long
 * without. Prints p50 and p99 for each second, where reshares began and ended, and the p99 while there was one beside that
 * without.
 */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { createDevCluster, nodesOf } from '../src/cli/dev/create.js';
import { LocalCluster } from '../src/cli/dev/local-cluster.js';
import { quantile } from '../src/cli/format/bench.js';
import { GENERATE_MS, openClient, SIGN_MS, waitForLeader } from '../src/cli/open-client.js';
import { Algorithm, Gg20Profile } from '../src/client/index.js';
import type { QuorateClient } from '../src/client/index.js';

const KEY = 'shared-anew';
const WARM_UP = 300;
/** The first ECDSA key finds its primes first. */
const FIRST_KEY_MS = 600_000;
const BAR_MS = 10;
const BAR_LENGTH_MAX = 60;

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '30' },
    'in-flight': { type: 'string', default: '4' },
    every: { type: 'string', default: '10' },
    algorithm: { type: 'string', default: 'FROST_ED25519_SHA512' },
    'gg20-profile': { type: 'string', default: 'P3072' },
    json: { type: 'boolean', default: false },
  },
});
const algorithm = Algorithm[values.algorithm as keyof typeof Algorithm];
const gg20Profile =
  algorithm === Algorithm.GG20_SECP256K1 || algorithm === Algorithm.GG20_P256
    ? Gg20Profile[values['gg20-profile'] as keyof typeof Gg20Profile]
    : Gg20Profile.UNSPECIFIED;

/** Times in ms since the measurement began. */
type Span = { readonly fromMs: number; readonly untilMs: number };
type Call = Span & { readonly failed: boolean };

async function measured(client: QuorateClient): Promise<{ calls: Call[]; reshares: Span[] }> {
  await waitForLeader(client, AbortSignal.timeout(GENERATE_MS));
  await client.generateKey({ keyId: KEY, algorithm, gg20Profile }, { timeoutMs: FIRST_KEY_MS });
  const sign = (): Promise<unknown> =>
    client.sign({ keyId: KEY, message: randomBytes(32) }, { timeoutMs: SIGN_MS });
  for (let at = 0; at < WARM_UP && gg20Profile === Gg20Profile.UNSPECIFIED; at++) await sign();
  const start = performance.now();
  const sinceStart = (): number => performance.now() - start;
  const untilMs = Number(values.seconds) * 1000;
  const [calls, reshares]: [Call[], Span[]] = [[], []];
  const signing = Array.from({ length: Number(values['in-flight']) }, async () => {
    while (sinceStart() < untilMs) {
      const fromMs = sinceStart();
      const failed = await sign().then(
        () => false,
        () => true,
      );
      calls.push({ fromMs, untilMs: sinceStart(), failed });
    }
  });
  const everyMs = Number(values.every) * 1000;
  for (let dueMs = everyMs; dueMs < untilMs; dueMs += everyMs) {
    await wait(Math.max(0, dueMs - sinceStart()));
    const fromMs = sinceStart();
    await client.reshareKey({ keyId: KEY }, { timeoutMs: FIRST_KEY_MS });
    reshares.push({ fromMs, untilMs: sinceStart() });
  }
  await Promise.all(signing);
  return { calls, reshares };
}

function timesOf(calls: readonly Call[]): { count: number; p50Ms: number; p99Ms: number } {
  const took = calls.filter(({ failed }) => !failed).map((call) => call.untilMs - call.fromMs);
  const at = (q: number): number => quantile(took, q) ?? Number.NaN;
  return { count: took.length, p50Ms: at(0.5), p99Ms: at(0.99) };
}

function overlaps(call: Span, { fromMs, untilMs }: Span): boolean {
  return call.fromMs < untilMs && call.untilMs > fromMs;
}

function ms(figure: number): string {
  return (Number.isNaN(figure) ? '–' : `${figure.toFixed(0)} ms`).padStart(8);
}

const parent = mkdtempSync(join(tmpdir(), 'quorate-reshare-'));
let cluster: LocalCluster | undefined;
try {
  const folder = join(parent, 'cluster');
  await createDevCluster(folder);
  cluster = await LocalCluster.start(folder, nodesOf(folder));
  const client = openClient(cluster.connection);
  const { calls, reshares } = await measured(client).finally(() => client.close());
  const isBeside = (call: Call): boolean => reshares.some((each) => overlaps(call, each));
  const beside = timesOf(calls.filter(isBeside));
  const without = timesOf(calls.filter((call) => !isBeside(call)));
  const failed = calls.filter((call) => call.failed).length;
  const seconds = Array.from({ length: Number(values.seconds) }, (_, at) => {
    const span = { fromMs: at * 1000, untilMs: (at + 1) * 1000 };
    const own = calls.filter(({ untilMs }) => untilMs >= span.fromMs && untilMs < span.untilMs);
    return { ...timesOf(own), isBeside: reshares.some((each) => overlaps(span, each)) };
  });
  const p99Ratio = beside.p99Ms / without.p99Ms;
  if (values.json) {
    const result = { seconds, reshares, beside, without, p99Ratio, failed };
    process.stdout.write(`${JSON.stringify(result)}\n`);
  } else {
    for (const [at, { count, p50Ms, p99Ms, isBeside: isNow }] of seconds.entries()) {
      const bar = '='.repeat(Math.min(Math.round(p99Ms / BAR_MS) || 0, BAR_LENGTH_MAX));
      const mark = isNow ? 'reshare' : '       ';
      const head = `${at}`.padStart(3);
      process.stdout.write(
        `${head} ${`${count}`.padStart(4)}/s ${mark} ${ms(p50Ms)} ${ms(p99Ms)} ${bar}\n`,
      );
    }
    const took = reshares.map((each) => ms(each.untilMs - each.fromMs).trim()).join(', ');
    process.stdout.write(`reshares took ${took}; ${failed} signatures failed\n`);
    process.stdout.write(
      `p99 beside one ${ms(beside.p99Ms)}, without ${ms(without.p99Ms)}: x ${p99Ratio.toFixed(2)}\n`,
    );
  }
} finally {
  await cluster?.stop();
  rmSync(parent, { recursive: true, force: true });
}
