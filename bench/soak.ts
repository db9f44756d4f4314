/**
 * Signs for long, and shows whether nodes stay as they are: `npm run soak -- --signatures 1000000 --json`. Three node
 * processes with their own disks and checkpoints sign so many messages; in between, each is asked for its memory and the
 * sizes of its log, and its files are measured. Progress goes to standard error. In the end: all samples, and how much each
 * figure grew with a signature in the second half.
 */
import { randomBytes } from 'node:crypto';
import { lstatSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createDevCluster, nodesOf } from '../src/cli/dev/create.js';
import { LocalCluster } from '../src/cli/dev/local-cluster.js';
import { measure } from '../src/cli/measure.js';
import { GENERATE_MS, openClient, SIGN_MS, waitForLeader } from '../src/cli/open-client.js';
import type { QuorateClient } from '../src/client/index.js';
import { memoryOf } from './process-memory.js';
import type { ProcessMemory } from './process-memory.js';
import { slopePerSignature } from './slope.js';

const USAGE = `usage: npm run soak -- [options]

  --signatures N      so many signatures (default 2000)
  --samples S         samples besides the first (default 50)
  --concurrency C     signatures under way at a time (default 32)
  --checkpoint-mib M  as the setting of that name, 1 to 1024 (default 64; with 1, a short run has some)
  --data FOLDER       an empty folder for the nodes, kept in the end (default: one in the system's, removed)
  --json              one line of JSON on standard output
`;

const KEY = 'soak';

type NodeSample = ProcessMemory & {
  readonly node: string;
  readonly heapBytes: number;
  /** Blocks that its files take on the disk. */
  readonly diskBytes: number;
  readonly logEntries: number;
  readonly logBytes: number;
  readonly logMemoryBytes: number;
  readonly bytesSinceCheckpoint: number;
  readonly checkpointIndex: number;
  readonly stateBytes: number;
};
type Sample = {
  readonly signatures: number;
  readonly failed: number;
  readonly seconds: number;
  readonly term: number;
  readonly nodes: readonly NodeSample[];
};

const FIGURES = ['ownBytes', 'heapBytes', 'diskBytes', 'logEntries', 'logBytes'] as const;

const { values } = parseArgs({
  options: {
    signatures: { type: 'string', default: '2000' },
    samples: { type: 'string', default: '50' },
    concurrency: { type: 'string', default: '32' },
    'checkpoint-mib': { type: 'string', default: '64' },
    data: { type: 'string' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

function numberOf(name: 'signatures' | 'samples' | 'concurrency' | 'checkpoint-mib'): number {
  const number = Number(values[name]);
  if (Number.isSafeInteger(number) && number > 0) return number;
  throw new Error(`--${name} must be a whole number above 0\n\n${USAGE}`);
}

/** Bytes that the files below this folder take, holes not counted. A file that goes meanwhile takes none. */
function blocksOf(path: string): number {
  try {
    const status = lstatSync(path);
    if (!status.isDirectory()) return status.blocks * 512;
    return readdirSync(path).reduce((sum, name) => sum + blocksOf(join(path, name)), 0);
  } catch {
    return 0;
  }
}

/** One client for each node, which begins there. */
function clientsOf({ connection }: LocalCluster): readonly QuorateClient[] {
  return connection.endpoints.map((endpoint) =>
    openClient({ ...connection, endpoints: [endpoint] }),
  );
}

async function nodesNow(
  cluster: LocalCluster,
  folder: string,
  clients: readonly QuorateClient[],
): Promise<{ readonly term: number; readonly nodes: readonly NodeSample[] }> {
  const heaps = await cluster.watch();
  const { pids } = cluster;
  const seen = await Promise.all(clients.map((client) => client.getCluster()));
  const nodes = seen.map(({ nodeId: node, logSizes: log }, at): NodeSample => ({
    node,
    ...memoryOf(pids[node] ?? 0),
    // One that did not answer in time shifts the rest.
    heapBytes: heaps.length === seen.length ? (heaps[at]?.heapBytes ?? 0) : 0,
    diskBytes: blocksOf(join(folder, node, 'data')),
    logEntries: Number((log?.lastIndex ?? 0n) - (log?.frontIndex ?? 0n)),
    logBytes: Number(log?.bytes ?? 0),
    logMemoryBytes: Number(log?.memoryBytes ?? 0),
    bytesSinceCheckpoint: Number(log?.bytesSinceCheckpoint ?? 0),
    checkpointIndex: Number(log?.checkpointIndex ?? 0),
    stateBytes: Number(log?.checkpointBytes ?? 0),
  }));
  return { term: Math.max(...seen.map(({ term }) => Number(term))), nodes };
}

async function soak(cluster: LocalCluster, folder: string): Promise<object> {
  const [signatures, samples] = [numberOf('signatures'), numberOf('samples')];
  const clients = clientsOf(cluster);
  const [first] = clients;
  if (first === undefined) throw new Error('There is no node');
  const deaths: string[] = [];
  cluster.onDeath(({ id }, ending) => deaths.push(`${id}: ${ending}`));
  const found: Sample[] = [];
  const start = performance.now();
  let [signed, failed] = [0, 0];
  const take = async (): Promise<void> => {
    const seconds = Math.round((performance.now() - start) / 100) / 10;
    const sample = {
      signatures: signed,
      failed,
      seconds,
      ...(await nodesNow(cluster, folder, clients)),
    };
    found.push(sample);
    console.error(progress(sample));
  };
  try {
    await waitForLeader(first, AbortSignal.timeout(GENERATE_MS));
    await first.generateKey({ keyId: KEY }, { timeoutMs: GENERATE_MS });
    await take();
    for (let at = 1; at <= samples; at++) {
      const count =
        Math.round((signatures * at) / samples) - Math.round((signatures * (at - 1)) / samples);
      const measured = await measure('sign', numberOf('concurrency'), { count }, (number) =>
        (clients[number % clients.length] ?? first).sign(
          { keyId: KEY, message: randomBytes(32) },
          { timeoutMs: SIGN_MS },
        ),
      );
      signed += measured.tookMs.length;
      failed += measured.failed;
      await take();
      if (deaths.length > 0) throw new Error(`A node ended: ${deaths.join(', ')}`);
    }
  } finally {
    for (const client of clients) client.close();
  }
  const seconds = (performance.now() - start) / 1000;
  return {
    signatures: signed,
    failed,
    seconds: Math.round(seconds),
    perSecond: Math.round(signed / seconds),
    checkpointMib: numberOf('checkpoint-mib'),
    growthPerSignature: growthOf(found),
    samples: found,
  };
}

/** Of the mean of the nodes, in the second half of the run: bytes, or entries, for each signature. */
function growthOf(samples: readonly Sample[]): Readonly<Record<string, number>> {
  return Object.fromEntries(
    FIGURES.map((figure) => [
      figure,
      slopePerSignature(
        samples.map(({ signatures, nodes }) => ({
          signatures,
          value: nodes.reduce((sum, node) => sum + node[figure], 0) / nodes.length,
        })),
      ),
    ]),
  );
}

const mib = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MiB`;

function progress({ signatures, failed, seconds, term, nodes }: Sample): string {
  const words = nodes.map(
    ({ node, ownBytes, diskBytes, logBytes, checkpointIndex }) =>
      `${node} memory ${mib(ownBytes)}, disk ${mib(diskBytes)}, log ${mib(logBytes)}, checkpoint ${checkpointIndex}`,
  );
  return `${signatures} signatures (${failed} failed), ${seconds} s, term ${term}; ${words.join('; ')}`;
}

async function main(): Promise<void> {
  const parent = values.data ?? mkdtempSync(join(tmpdir(), 'quorate-soak-'));
  let cluster: LocalCluster | undefined;
  try {
    const folder = join(parent, 'cluster');
    await createDevCluster(folder);
    const settings = { QUORATE_CHECKPOINT_MIB: String(numberOf('checkpoint-mib')) };
    cluster = await LocalCluster.start(folder, nodesOf(folder), { settings });
    const result = await soak(cluster, folder);
    console.log(JSON.stringify(result, undefined, values.json ? undefined : 2));
  } finally {
    await cluster?.stop();
    if (values.data === undefined) rmSync(parent, { recursive: true, force: true });
  }
}

if (values.help) console.log(USAGE);
else await main();
