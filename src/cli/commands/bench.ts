import { Command, Option } from 'commander';
import { Algorithm } from '../../client/index.js';
import type { Connection } from '../../client/index.js';
import type { SetProfile } from '../../identity/index.js';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { toHex } from '../../common/index.js';
import {
  algorithmArgument,
  ALGORITHM_NAMES,
  countArgument,
  profileArgument,
  requireProfileFits,
} from '../arguments.js';
import { addConnectionOptions, durationArgument, findConnection } from '../connection.js';
import type { ConnectionFlags } from '../connection.js';
import { createDevCluster, nodesOf } from '../dev/create.js';
import { Interrupts } from '../dev/interrupts.js';
import { LocalCluster } from '../dev/local-cluster.js';
import type { Watched } from '../dev/watch.js';
import { Ended, EXIT, usageError } from '../exit-codes.js';
import { benchJson, benchTable } from '../format/bench.js';
import type { Measured } from '../format/bench.js';
import { measure } from '../measure.js';
import { signsDigests } from '../message.js';
import type { Until } from '../measure.js';
import {
  GENERATE_ECDSA_MS,
  GENERATE_MS,
  openClient,
  SIGN_ECDSA_MS,
  SIGN_MS,
  waitForLeader,
} from '../open-client.js';
import type { CommandContext } from '../command-context.js';

type Flags = ConnectionFlags & {
  readonly duration?: number;
  readonly count?: number;
  readonly concurrency?: number;
  readonly algorithm: Algorithm;
  readonly gg20Profile?: SetProfile;
  readonly workers?: number;
  readonly json?: true;
};

const DURATION_MS = 5000;
const KEYS = 5;
/** The calls that fill pools and caches before the measurement. */
const WARM_UP = 20;
const CONCURRENCY = 32;
/** Threshold ECDSA takes seconds of arithmetic. */
const KEYS_ECDSA = 2;
const WARM_UP_ECDSA = 2;
const CONCURRENCY_ECDSA = 4;

/** `quorate bench`: how fast keys are made and messages signed. */
export function benchCommand(context: CommandContext): Command {
  const command = new Command('bench')
    .description(
      'Measures how long generating a key and signing take, one at a time and under load. ' +
        'Starts three nodes on this machine in a temporary folder, unless --endpoint or --client-file point at a cluster; ' +
        'QUORATE_* variables and the local cluster of `quorate dev` do not count.',
    )
    .addOption(
      new Option(
        '--duration <duration>',
        'how long to sign, alone and again under load (default: 5s)',
      )
        .argParser(durationArgument('--duration'))
        .conflicts('count'),
    )
    .addOption(
      new Option('--count <count>', 'how many signatures each, instead').argParser(
        countArgument('--count'),
      ),
    )
    .addOption(
      new Option(
        '--concurrency <count>',
        `signatures in flight under load (default: ${CONCURRENCY}, of ECDSA ${CONCURRENCY_ECDSA})`,
      ).argParser(countArgument('--concurrency')),
    )
    .addOption(
      new Option('--workers <count>', 'threads for arithmetic of each node that is started')
        .argParser(workersArgument)
        .conflicts(['endpoint', 'clientFile']),
    )
    .addOption(
      new Option('--algorithm <name>', `what the keys sign with: ${ALGORITHM_NAMES.join(', ')}`)
        .default(Algorithm.FROST_ED25519_SHA512, 'FROST_ED25519_SHA512')
        .argParser(algorithmArgument),
    )
    .addOption(
      new Option('--gg20-profile <name>', 'of ECDSA keys: P3072 or P2048 (default: P3072)') //
        .argParser(profileArgument),
    )
    .option('--json', 'print one JSON object: {"results": [...]}');
  return addConnectionOptions(command)
    .addHelpText(
      'after',
      `
Examples:
  quorate bench
  quorate bench --duration 30s --concurrency 64
  quorate bench --algorithm GG20_SECP256K1 --gg20-profile P2048 --count 10
  quorate bench --client-file .quorate/dev/operator/client.json --count 1000 --json

It makes keys named bench-…; they stay in a cluster that you point it at. Of nodes that it starts it shows besides how late
their event loops came (LOOP P99, the worst node's), and what all nodes together spent on one call: processor time
(NODE CPU), messages to each other, the frames that carried these and the bytes of the frames, and synced writes.`,
    )
    .action(async (flags: Flags) => {
      requireProfileFits(flags.gg20Profile, flags.algorithm);
      const results = await withCluster(flags, context, (connection, watch) =>
        bench(connection, watch, flags, context),
      );
      if (flags.json) context.out(JSON.stringify(benchJson(results)));
      else for (const line of benchTable(results)) context.out(line);
      if (results.some((each) => each.tookMs.length === 0)) throw new Ended(EXIT.interrupted);
    });
}

/** Asks the nodes what they have measured of themselves since they were asked before. */
type Watch = () => Promise<readonly Watched[]>;

function workersArgument(value: string): number {
  return value === '0' ? 0 : countArgument('--workers')(value);
}

/**
 * The cluster that flags of this command line name, or nothing. Variables and files that other commands find on their own
 * do not count: a load test of a cluster in use must not begin because a variable is set.
 */
function namedCluster(flags: Flags, context: CommandContext): Connection | undefined {
  if (flags.endpoint !== undefined || flags.clientFile !== undefined) {
    return findConnection(flags, context, { namedOnly: true });
  }
  const lone = (['ca', 'cert', 'key', 'clusterFile'] as const).find((name) => flags[name]);
  if (lone !== undefined) {
    const flag = lone === 'clusterFile' ? 'cluster-file' : lone;
    throw usageError(`--${flag} names no cluster: give --endpoint or --client-file with it`);
  }
  const ignored = ['QUORATE_CLIENT_FILE', 'QUORATE_ENDPOINTS'].find(
    (name) => context.environment[name],
  );
  if (ignored !== undefined) {
    context.err(
      `${ignored} does not count here: --client-file or --endpoint names a cluster to measure.`,
    );
  }
  return undefined;
}

/** Runs against the cluster that flags name, else against one of its own. */
async function withCluster<T>(
  flags: Flags,
  context: CommandContext,
  run: (connection: Connection, watch: Watch | undefined) => Promise<T>,
): Promise<T> {
  const named = namedCluster(flags, context);
  if (named !== undefined) return run(named, undefined);

  const parent = mkdtempSync(join(tmpdir(), 'quorate-bench-'));
  let cluster: LocalCluster | undefined;
  using interrupts = new Interrupts(() => {
    cluster?.kill();
    process.exit(EXIT.interrupted);
  });
  try {
    context.err('Starting three nodes in a temporary folder ...');
    const folder = join(parent, 'cluster');
    await createDevCluster(folder);
    const settings = flags.workers === undefined ? {} : { QUORATE_WORKERS: `${flags.workers}` };
    const started = await LocalCluster.start(folder, nodesOf(folder), { settings });
    cluster = started;
    const interrupted = interrupts.asked.then(() => {
      throw new Ended(EXIT.interrupted);
    });
    return await Promise.race([run(started.connection, () => started.watch()), interrupted]);
  } finally {
    await cluster?.stop();
    rmSync(parent, { recursive: true, force: true });
  }
}

async function bench(
  connection: Connection,
  watch: Watch | undefined,
  flags: Flags,
  context: CommandContext,
): Promise<Measured[]> {
  const client = openClient(connection);
  try {
    await waitForLeader(client, AbortSignal.timeout(GENERATE_MS));
    const run = `bench-${toHex(randomBytes(4))}`;
    const until: Until =
      flags.count === undefined
        ? { durationMs: flags.duration ?? DURATION_MS }
        : { count: flags.count };
    const results: Measured[] = [];
    const step = async (...parameters: Parameters<typeof measure>) => {
      context.err(`Measuring: ${parameters[0]} ...`);
      await watch?.();
      const before = process.cpuUsage();
      const measured = await measure(...parameters);
      const { user, system } = process.cpuUsage(before);
      const nodes = await watch?.();
      const clientCpuMs = (user + system) / 1000;
      results.push({ ...measured, clientCpuMs, ...(nodes !== undefined && { nodes }) });
    };

    const { algorithm, gg20Profile } = flags;
    const isEcdsa = signsDigests(algorithm);
    const generate = (name: string) =>
      client.generateKey(
        { keyId: `${run}-${name}`, algorithm, gg20Profile },
        { timeoutMs: isEcdsa ? GENERATE_ECDSA_MS : GENERATE_MS },
      );
    const keys = isEcdsa ? KEYS_ECDSA : KEYS;
    // The first ECDSA key waits for what all others of the same participants use.
    if (isEcdsa) await step('first key', 1, { count: 1 }, () => generate('first'));
    await step('generate key', 1, { count: keys }, (number) => generate(`${number}`));
    const timeoutMs = isEcdsa ? SIGN_ECDSA_MS : SIGN_MS;
    const sign = () => client.sign({ keyId: `${run}-1`, message: randomBytes(32) }, { timeoutMs });
    await measure('warm-up', isEcdsa ? 1 : 4, { count: isEcdsa ? WARM_UP_ECDSA : WARM_UP }, sign);
    await step('sign, alone', 1, until, sign);
    const concurrency = flags.concurrency ?? (isEcdsa ? CONCURRENCY_ECDSA : CONCURRENCY);
    await step('sign, under load', concurrency, until, sign);
    return results;
  } finally {
    client.close();
  }
}
