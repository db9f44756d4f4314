/**
 * What `quorate bench` does not measure, for any build that has `quorate dev`: the nodes are those of its own `dev`, and calls are
 * made from here. Processor time is read from /proc, so it is missing elsewhere than on Linux.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import { randomBytes } from 'node:crypto';
import { quantile } from '../src/cli/format/bench.js';
import { measure } from '../src/cli/measure.js';
import type { Until } from '../src/cli/measure.js';
import { GENERATE_MS, SIGN_MS, waitForLeader } from '../src/cli/open-client.js';
import type * as ClientLibrary from '../src/client/index.js';
import type { QuorateClient } from '../src/client/index.js';
import { signPooled } from './pooled.js';

/** Each by its name on the command line. */
export const OPERATIONS = {
  /** A key goes out of use and comes back, in turn: one commit each, without arithmetic. From feature level 3 on. */
  retire: retireAndRestore,
  /** The same for builds of any level: once signatures are required, requiring them again is a commit that changes nothing. */
  require: requireSignatures,
  /** Keys of all nodes, with the threshold that was asked for. */
  generate: generateKeys,
  /** The first signature of keys at rest, whose supplies have been forgotten; then the next one of each. */
  cold: signColdAndWarm,
  /** ECDSA from presignatures, and making these. */
  pooled: signPooled,
} as const;

export type OperationName = keyof typeof OPERATIONS;

export type OperationSettings = {
  readonly nodes: number;
  readonly threshold: number;
  readonly inFlight: number;
  /** Of ECDSA keys. */
  readonly profile: 'P2048' | 'P3072';
  readonly until: Until;
};

export type OperationRow = {
  readonly operation: string;
  readonly count: number;
  readonly failed: number;
  readonly p50_ms: number;
  readonly p99_ms: number;
  readonly per_second: number;
  /** Of all nodes. */
  readonly node_cpu_ms_per_call: number | undefined;
};

export type Bench = OperationSettings & {
  readonly client: QuorateClient;
  readonly timed: (operation: string, ...rest: Timed) => Promise<OperationRow>;
};
type Timed = [inFlight: number, until: Until, call: (number: number) => Promise<unknown>];

/** Voters forget supplies after 45 s, their holder after 60. */
const AT_REST_MS = 62_000;
const COLD_KEYS = 20;
const GENERATED_KEYS = 5;
/** The unit of times in /proc. */
const CLOCK_TICKS_PER_SECOND = 100;
/** As many keys as calls in flight, so that no call meets another one's change. */
const WARM_UP = 40;

/** Runs operations against fresh nodes of the build that `main` belongs to. */
export async function runOperations(
  main: string,
  names: readonly OperationName[],
  settings: OperationSettings,
): Promise<readonly OperationRow[]> {
  const parent = mkdtempSync(join(tmpdir(), 'quorate-operations-'));
  const dev = spawn(
    process.execPath,
    [main, 'dev', '--data', join(parent, 'cluster'), '--json'].concat(
      takesSigned(main) ? ['--signed'] : [],
      settings.nodes === 3 ? [] : ['--nodes', `${settings.nodes}`],
    ),
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const ended = once(dev, 'exit');
  try {
    const lines = createInterface({ input: dev.stdout });
    const [line] = await Promise.race([once(lines, 'line'), ended]);
    const { endpoints, data, pids } = JSON.parse(String(line)) as {
      endpoints: string[];
      data: string;
      pids: Readonly<Record<string, number>>;
    };
    const client = await clientOf(main, endpoints, join(data, 'operator'));
    try {
      await waitForLeader(client, AbortSignal.timeout(GENERATE_MS));
      const timed = async (operation: string, ...rest: Timed): Promise<OperationRow> => {
        const before = cpuMs(Object.values(pids));
        const { tookMs, failed, elapsedMs } = await measure(operation, ...rest);
        const after = cpuMs(Object.values(pids));
        return {
          operation,
          count: tookMs.length,
          failed,
          p50_ms: quantile(tookMs, 0.5) ?? Number.NaN,
          p99_ms: quantile(tookMs, 0.99) ?? Number.NaN,
          per_second: (1000 * tookMs.length) / elapsedMs,
          node_cpu_ms_per_call:
            before === undefined || after === undefined
              ? undefined
              : (after - before) / tookMs.length,
        };
      };
      const rows: OperationRow[] = [];
      for (const name of names) {
        rows.push(...(await OPERATIONS[name]({ ...settings, client, timed })));
      }
      return rows;
    } finally {
      client.close();
    }
  } finally {
    dev.kill('SIGTERM');
    await ended;
    rmSync(parent, { recursive: true, force: true });
  }
}

/** A client of the same build: one of another may not read its cluster file. */
async function clientOf(
  main: string,
  endpoints: readonly string[],
  folder: string,
): Promise<QuorateClient> {
  const library = pathToFileURL(join(dirname(main), 'client', 'index.js')).href;
  const { QuorateClient: Client } = (await import(library)) as typeof ClientLibrary;
  const read = (name: string): string => readFileSync(join(folder, name), 'utf8');
  return Client.connect({
    endpoints,
    ca: read('ca.pem'),
    cert: read('cert.pem'),
    key: read('key.pem'),
    clusterFile: readFileSync(join(folder, 'cluster.json')),
  });
}

/** Whether a build's development cluster can be had with requests that clients sign; the first ones could not. */
function takesSigned(main: string): boolean {
  const help = spawnSync(process.execPath, [main, 'dev', '--help'], { encoding: 'utf8' });
  return help.stdout.includes('--signed');
}

async function retireAndRestore(bench: Bench): Promise<readonly OperationRow[]> {
  const { client, inFlight, until, timed } = bench;
  const keys = await keysFor(bench, 'retired', inFlight);
  const isRetired = new Set<string>();
  const free = [...keys];
  const change = async (): Promise<void> => {
    const keyId = free.shift();
    if (keyId === undefined) throw new Error('More calls are in flight than there are keys');
    try {
      if (isRetired.delete(keyId)) {
        await client.restoreKey({ keyId }, { timeoutMs: SIGN_MS });
      } else {
        await client.retireKey({ keyId }, { timeoutMs: SIGN_MS });
        isRetired.add(keyId);
      }
    } finally {
      free.push(keyId);
    }
  };
  await measure('warm-up', inFlight, { count: WARM_UP }, change);
  return [
    await timed('retire or restore, alone', 1, until, change),
    await timed('retire or restore, under load', inFlight, until, change),
  ];
}

async function requireSignatures(bench: Bench): Promise<readonly OperationRow[]> {
  const { client, inFlight, until, timed } = bench;
  const require = (): Promise<unknown> => client.requireSignatures({}, { timeoutMs: SIGN_MS });
  await measure('warm-up', 4, { count: WARM_UP }, require);
  return [
    await timed('require signatures, alone', 1, until, require),
    await timed('require signatures, under load', inFlight, until, require),
  ];
}

async function generateKeys({
  client,
  nodes,
  threshold,
  timed,
}: Bench): Promise<readonly OperationRow[]> {
  const generate = (number: number): Promise<unknown> =>
    client.generateKey({ keyId: `generated-${number}`, threshold }, { timeoutMs: GENERATE_MS });
  await client.generateKey({ keyId: 'generated-first', threshold }, { timeoutMs: GENERATE_MS });
  const name = `generate key ${threshold}-of-${nodes}`;
  return [await timed(name, 1, { count: GENERATED_KEYS }, generate)];
}

async function signColdAndWarm(bench: Bench): Promise<readonly OperationRow[]> {
  const { client, timed } = bench;
  const keys = await keysFor(bench, 'rested', COLD_KEYS);
  const sign = (number: number): Promise<unknown> =>
    client.sign(
      { keyId: keys[(number - 1) % keys.length] ?? '', message: randomBytes(32) },
      { timeoutMs: SIGN_MS },
    );
  // Of connections and code, so that only supplies are cold.
  await measure('warm-up', 1, { count: 2 * COLD_KEYS }, sign);
  await wait(AT_REST_MS);
  const count = COLD_KEYS;
  return [
    await timed('sign, cold', 1, { count }, sign),
    await timed('sign, warm', 1, { count }, sign),
  ];
}

async function keysFor({ client }: Bench, name: string, count: number): Promise<readonly string[]> {
  const keys = Array.from({ length: count }, (_, at) => `${name}-${at}`);
  for (const keyId of keys) await client.generateKey({ keyId }, { timeoutMs: GENERATE_MS });
  return keys;
}

/** Of all threads of these processes since they began. */
function cpuMs(pids: readonly number[]): number | undefined {
  try {
    const ticks = pids.map((pid) => {
      // Behind the name, which ends with the last bracket: user and system time are fields 14 and 15.
      const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
      return Number(fields[11]) + Number(fields[12]);
    });
    return (ticks.reduce((sum, each) => sum + each, 0) * 1000) / CLOCK_TICKS_PER_SECOND;
  } catch {
    return undefined;
  }
}
