import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import type { QuorateClient } from '../../src/client/index.js';
import { utf8 } from '../../src/common/index.js';
import { eventually } from '../support/clusters/cluster-wait.js';
import { ProcessCluster } from '../support/clusters/process-cluster.js';
import type { FloodCounts, Target } from './flood.js';
import { floodNamed, FLOODS } from './table.js';

const FLOODER = fileURLToPath(new URL('flooder.js', import.meta.url));
const KEY = 'demo';
/** A flood may sign with the key: an operator, too, only where the key names it. */
const SENDERS = ['operator', 'app'].map((role) => `spiffe://quorate/${role}/mallory`);
/** What a node has to say of a member that complains without reason. */
const EXPECTED_ALARM = '"msg":"a complaint that proves nothing"';
const MIB = 2 ** 20;

/** One flood, and how the cluster and another client fared meanwhile. */
export type FloodReport = FloodCounts & {
  readonly flood: string;
  readonly seconds: number;
  /** Tasks that the flood opened. */
  readonly tasks: number;
  readonly elections: number;
  /** Of the node that was flooded; by the second such flood, where the first made it grow by more than it may. */
  readonly memoryGrowthMib: number;
  /** Signatures that another client got, and calls of it that failed. */
  readonly served: number;
  readonly failed: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
};

/** How the other client fared alone. */
export type Quiet = Pick<FloodReport, 'served' | 'p50Ms' | 'p99Ms'>;

export type Budget = {
  readonly what: string;
  readonly holds: (report: FloodReport, quiet: Quiet) => boolean;
};

/** How much longer the slowest call in a hundred of the other client may take beside a flood. */
const P99_FACTOR_MAX = 3;

const MEMORY_GROWTH_MIB_MAX = 50;

/** What must hold of every flood, in counts: times depend on the machine. */
export const BUDGETS: readonly Budget[] = [
  { what: 'the other client is served', holds: ({ served }) => served > 0 },
  { what: 'no call of the other client fails', holds: ({ failed }) => failed === 0 },
  { what: 'frames open no task', holds: ({ flood, tasks }) => isWork(flood) || tasks === 0 },
  {
    what: `the node keeps at most ${MEMORY_GROWTH_MIB_MAX} MiB more`,
    holds: ({ flood, memoryGrowthMib }) =>
      isWork(flood) || memoryGrowthMib <= MEMORY_GROWTH_MIB_MAX,
  },
];

/** What holds besides on a machine with nothing else to do. */
export const QUIET_BUDGETS: readonly Budget[] = [
  { what: 'nobody else is elected', holds: ({ elections }) => elections === 0 },
  {
    what: `the other client's p99 is at most ${P99_FACTOR_MAX} times what it is alone`,
    holds: ({ p99Ms }, quiet) => p99Ms <= P99_FACTOR_MAX * quiet.p99Ms,
  },
];

function isWork(flood: string): boolean {
  return floodNamed(flood).isWork === true;
}

export type Measured = {
  /** The other client alone. */
  readonly quiet: Quiet;
  readonly floods: readonly FloodReport[];
  readonly troubles: readonly string[];
};

/** Three node processes; floods sent to the first by another process; another client signs at it one call after the other. */
export async function measureFloods(ms: number, names = Object.keys(FLOODS)): Promise<Measured> {
  await using cluster = await ProcessCluster.create(3);
  for (const node of cluster.nodes) cluster.start(node);
  const [first, last] = [cluster.nodes.at(0), cluster.nodes.at(-1)];
  if (first === undefined || last === undefined) throw new Error('There is no node');
  const client = cluster.client([first]);
  await eventually(
    'a key',
    () =>
      client
        .generateKey({
          requestId: KEY,
          keyId: KEY,
          algorithm: 1,
          threshold: 2,
          allowedSigners: SENDERS,
        })
        .then(() => true),
    60_000,
  );
  await signFor(client, Math.min(ms, 2_000), 'warm');
  const quiet = await signFor(client, ms, 'quiet');
  const { clusterId } = await client.getCluster();
  const once = async (flood: string, at: string): Promise<FloodReport> => {
    const target: Target = {
      address: cluster.address(first),
      tls: await cluster.credentials(floodNamed(flood).as, 'mallory'),
      ms,
      keyId: KEY,
      clusterId,
      memberFile: cluster.configFile(last),
    };
    const { byMember = false } = floodNamed(flood);
    // The member's place is the flooder's while it lasts.
    if (byMember) {
      await cluster.kill(last);
      await untilServed(client, `before-${at}`);
    }
    const before = await stateOf(client, cluster, first);
    const [counts, good] = await Promise.all([
      flooded(flood, target),
      signFor(client, ms, `beside-${at}`),
    ]);
    const after = await stateOf(client, cluster, first);
    if (byMember) {
      cluster.start(last);
      await untilServed(client, `after-${at}`);
    }
    return {
      flood,
      seconds: ms / 1000,
      ...counts,
      ...good,
      tasks: after.tasks - before.tasks - good.asked,
      elections: after.term - before.term,
      memoryGrowthMib: Math.round((after.memory - before.memory) / MIB),
    };
  };
  const floods: FloodReport[] = [];
  for (const [at, flood] of names.entries()) {
    const report = await once(flood, `${at}`);
    if (isWork(flood) || report.memoryGrowthMib <= MEMORY_GROWTH_MIB_MAX) floods.push(report);
    else {
      // Room that the heap took for what it has dropped serves the same flood again; what is kept needs as much again.
      const { memoryGrowthMib } = await once(flood, `${at}-again`);
      floods.push({ ...report, memoryGrowthMib });
    }
  }
  const troubles = cluster.troubles().filter((line) => !line.includes(EXPECTED_ALARM));
  return { quiet, floods, troubles };
}

/** Waits until a signature is made: another leader may have to be found. */
async function untilServed(client: QuorateClient, requestId: string): Promise<void> {
  const message = utf8('good');
  await eventually(
    'a signature',
    () => client.sign({ keyId: KEY, requestId, message }).then(() => true),
    60_000,
  );
}

async function flooded(name: string, target: Target): Promise<FloodCounts> {
  const child = spawn(process.execPath, [FLOODER, name], { stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin.end(JSON.stringify(target));
  return JSON.parse(await text(child.stdout)) as FloodCounts;
}

/** One signature after the other. */
async function signFor(client: QuorateClient, ms: number, name: string) {
  const end = performance.now() + ms;
  const times: number[] = [];
  let asked = 0;
  let failed = 0;
  while (performance.now() < end) {
    const beganMs = performance.now();
    asked += 1;
    try {
      await client.sign(
        { keyId: KEY, requestId: `${name}-${asked}`, message: utf8('good') },
        { timeoutMs: 20_000 },
      );
      times.push(performance.now() - beganMs);
    } catch {
      failed += 1;
    }
  }
  const sorted = times.toSorted((a, b) => a - b);
  const at = (part: number): number =>
    Math.round(sorted[Math.floor(part * (sorted.length - 1))] ?? 0);
  return { asked, served: times.length, failed, p50Ms: at(0.5), p99Ms: at(0.99) };
}

async function stateOf(
  client: QuorateClient,
  cluster: ProcessCluster,
  node: ProcessCluster['nodes'][number],
) {
  const { term } = await client.getCluster({ timeoutMs: 20_000 });
  const { items, moreCount } = await client.listTasks({ limit: 1 }, { timeoutMs: 60_000 });
  return {
    term: Number(term),
    tasks: items.length + moreCount,
    memory: cluster.residentBytes(node),
  };
}
