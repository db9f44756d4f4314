/**
 * Keeps three nodes as busy as clients can, and tells whether they kept their leader: `npm run saturate [-- --seconds 60
 * --in-flight 64] [--json]`. Signs alone first, then with so many in flight for so long, a third of them at each node, by one
 * requester. Prints the term before and after, times, the ratio of p99 to p50, of all calls and of each thousand after each
 * other (least, median, 90th percentile, largest), and how late the event loops came.
 */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createDevCluster, nodesOf } from '../src/cli/dev/create.js';
import { LocalCluster } from '../src/cli/dev/local-cluster.js';
import { quantile } from '../src/cli/format/bench.js';
import type { Measured } from '../src/cli/format/bench.js';
import { measure } from '../src/cli/measure.js';
import { GENERATE_MS, openClient, SIGN_MS, waitForLeader } from '../src/cli/open-client.js';
import type { QuorateClient } from '../src/client/index.js';

const KEY = 'saturated';
const ALONE_MS = 5_000;
const WARM_UP = 200;
const THOUSAND = 1000;

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    'in-flight': { type: 'string', default: '64' },
    json: { type: 'boolean', default: false },
  },
});
const durationMs = Number(values.seconds) * 1000;
const inFlight = Number(values['in-flight']);

type Times = {
  readonly signatures: number;
  readonly failed: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  /** The same of each thousand calls after each other: what a machine does that is slow for a while is not in it. */
  readonly ofThousands: readonly { readonly p50Ms: number; readonly p99Ms: number }[];
  /** Of the slowest node. */
  readonly loopP99Ms: number;
  readonly loopMaxMs: number;
};

async function saturate(cluster: LocalCluster): Promise<object> {
  const { connection } = cluster;
  const { endpoints } = connection;
  // Each begins at another node, and stays where its calls go well.
  const clients = endpoints.map((_, at) =>
    openClient({ ...connection, endpoints: [...endpoints.slice(at), ...endpoints.slice(0, at)] }),
  );
  const [first] = clients;
  if (first === undefined) throw new Error('There is no node');
  try {
    await waitForLeader(first, AbortSignal.timeout(GENERATE_MS));
    await first.generateKey({ keyId: KEY }, { timeoutMs: GENERATE_MS });
    const sign = (number: number): Promise<unknown> =>
      (clients[number % clients.length] ?? first).sign(
        { keyId: KEY, message: randomBytes(32) },
        { timeoutMs: SIGN_MS },
      );
    await measure('warm-up', 4, { count: WARM_UP }, sign);
    const timed = async (concurrency: number, ms: number): Promise<Times> => {
      await cluster.watch();
      const measured = await measure('sign', concurrency, { durationMs: ms }, sign);
      const nodes = await cluster.watch();
      return timesOf({ ...measured, nodes });
    };
    const alone = await timed(1, ALONE_MS);
    const termBefore = await termOf(first);
    const saturated = await timed(inFlight, durationMs);
    const termAfter = await termOf(first);
    const p99ToP50 = saturated.p99Ms / saturated.p50Ms;
    const ratios = saturated.ofThousands.map(({ p50Ms, p99Ms }) => p99Ms / p50Ms);
    const p99ToP50OfThousands = [0, 0.5, 0.9, 1].map((q) => quantile(ratios, q));
    return { termBefore, termAfter, inFlight, alone, saturated, p99ToP50, p99ToP50OfThousands };
  } finally {
    for (const client of clients) client.close();
  }
}

async function termOf(client: QuorateClient): Promise<number> {
  return Number((await client.getCluster()).term);
}

function timesOf({ tookMs, failed, elapsedMs, nodes = [] }: Measured): Times {
  const at = (q: number): number => quantile(tookMs, q) ?? Number.NaN;
  return {
    signatures: tookMs.length,
    failed,
    perSecond: (1000 * tookMs.length) / elapsedMs,
    p50Ms: at(0.5),
    p99Ms: at(0.99),
    maxMs: at(1),
    ofThousands: Array.from({ length: Math.floor(tookMs.length / THOUSAND) }, (_, index) => {
      const part = tookMs.slice(index * THOUSAND, (index + 1) * THOUSAND);
      return {
        p50Ms: quantile(part, 0.5) ?? Number.NaN,
        p99Ms: quantile(part, 0.99) ?? Number.NaN,
      };
    }),
    loopP99Ms: Math.max(...nodes.map(({ delayP99Ms }) => delayP99Ms)),
    loopMaxMs: Math.max(...nodes.map(({ delayMaxMs }) => delayMaxMs)),
  };
}

const parent = mkdtempSync(join(tmpdir(), 'quorate-saturate-'));
let cluster: LocalCluster | undefined;
try {
  const folder = join(parent, 'cluster');
  await createDevCluster(folder);
  cluster = await LocalCluster.start(folder, nodesOf(folder));
  const result = await saturate(cluster);
  if (values.json) process.stdout.write(`${JSON.stringify(result)}\n`);
  else process.stdout.write(`${JSON.stringify(result, roundedNumber, 2)}\n`);
} finally {
  await cluster?.stop();
  rmSync(parent, { recursive: true, force: true });
}

function roundedNumber(_: string, value: unknown): unknown {
  return typeof value === 'number' ? Math.round(value * 10) / 10 : value;
}
