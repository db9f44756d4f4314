import { Command, Option } from 'commander';
import { CLIENT_FILE, DEV_FOLDER, OPERATOR_FOLDER } from '../../client/index.js';
import { join, relative, resolve } from 'node:path';
import { createDevCluster, hasCluster, nodesOf } from '../dev/create.js';
import { demonstrate } from '../dev/demonstration.js';
import { Interrupts } from '../dev/interrupts.js';
import { LocalCluster } from '../dev/local-cluster.js';
import { whenParentEnds } from '../dev/parent.js';
import { Ended, EXIT, usageError } from '../exit-codes.js';
import { isMongoUri, isUnsafeUri } from '../../store/index.js';
import { DEV_NODES_MAX, DEV_NODES_MIN } from '../limits.js';
import { openClient, waitForLeader } from '../open-client.js';
import { shellWord } from '../command-context.js';
import type { CommandContext } from '../command-context.js';

type Flags = {
  readonly data: string;
  readonly nodes?: number;
  readonly signed?: true;
  readonly port?: number;
  readonly mongo?: string;
  readonly exit?: true;
  readonly json?: true;
};

/** `quorate dev`: a cluster on this machine, of three nodes unless told otherwise. */
export function devCommand(context: CommandContext): Command {
  return new Command('dev')
    .description(
      'Runs three nodes on this machine, over mutual TLS with an authority of their own, and shows what they do: ' +
        'a key is generated, a message signed, the signature checked. Then it stays until Ctrl-C.\n' +
        'Everything is kept in one folder; the same folder gives the same keys again.',
    )
    .option('--data <folder>', 'where everything is kept', DEV_FOLDER)
    .addOption(
      new Option(
        '--nodes <count>',
        `how many nodes, ${DEV_NODES_MIN} to ${DEV_NODES_MAX} (default: ${DEV_NODES_MIN}, or those of the folder)`,
      ).argParser(nodesArgument),
    )
    .option(
      '--signed',
      'as in production: every request must be signed by its requester, and nodes have an authority of their own',
    )
    .addOption(
      new Option(
        '--port <first>',
        'fixed ports of 127.0.0.1 from this one on: one per node for clients, then one per node for peers',
      ).argParser(portArgument),
    )
    .addOption(
      new Option(
        '--mongo <uri>',
        'keep key shares in this MongoDB server, a database for each node; a folder remembers it',
      ).argParser(mongoArgument),
    )
    .option('--exit', 'stop after the demonstration (with --json: after the line)')
    .option(
      '--json',
      'no demonstration; print one line when the cluster is ready: endpoints, ca, cert, key, cluster_file, client_file, ' +
        'data, pids',
    )
    .addHelpText(
      'after',
      `
Examples:
  quorate dev
  quorate dev --exit                      a demonstration, and nothing is left running
  quorate dev --data /tmp/five --nodes 5 --signed --port 7400
  quorate dev --data /tmp/mongo --mongo mongodb://127.0.0.1:27017
  quorate dev --data /tmp/try --json      for scripts; the certificate may do everything

For development only. Without --signed requests need no signature, and one authority issues all certificates.`,
    )
    .action((flags: Flags) => dev(flags, context));
}

async function dev(flags: Flags, context: CommandContext): Promise<void> {
  const folder = resolve(context.folder, flags.data);
  const shown = relative(context.folder, folder) || '.';
  let cluster: LocalCluster | undefined;
  using interrupts = new Interrupts(() => {
    cluster?.kill();
    process.exit(EXIT.interrupted);
  });
  const underNpm = context.environment['npm_lifecycle_event'] !== undefined;
  if (underNpm) whenParentEnds(() => interrupts.ask());
  const { signal } = interrupts;
  try {
    if (!hasCluster(folder)) {
      context.err(`Making a cluster in ${shown}: an authority, certificates, identity keys ...`);
      await createDevCluster(folder, flags, signal);
    }
    const nodes = nodesOf(folder, flags);
    context.err(`Starting ${nodes.length} nodes ...`);
    cluster = await LocalCluster.start(folder, nodes, { firstPort: flags.port, signal });
    tellDeaths(cluster, context);
    await show(cluster, flags, interrupts, context);
  } catch (error) {
    // A person that interrupts wants no explanation.
    throw signal.aborted ? new Ended(EXIT.interrupted) : error;
  } finally {
    if (cluster !== undefined) {
      const again = signal.aborted ? ' (Ctrl-C again ends them at once)' : '';
      context.err(`Stopping the nodes ...${again}`);
      await cluster.stop();
    }
  }
}

function tellDeaths(cluster: LocalCluster, context: CommandContext): void {
  cluster.onDeath(
    (node, ending) => {
      const command = `${context.program} node --config ${shellWord(relative(context.folder, node.configFile))}`;
      context.err(`${node.id} (process ${node.pid}) ended: ${ending}. Its log: ${node.logFile}`);
      context.err('Start it again with:');
      context.err(`  ${command}`);
    },
    ({ id, pid }) => context.err(`${id} has taken a snapshot; process ${pid} goes on from there`),
  );
}

/** Shows what the flags ask for: the line for programs, or the demonstration. Then nothing, until a signal. */
async function show(
  { connection, pids }: LocalCluster,
  flags: Flags,
  interrupts: Interrupts,
  context: CommandContext,
): Promise<void> {
  const folder = resolve(context.folder, flags.data);
  const { signal } = interrupts;
  const client = openClient(connection);
  try {
    const state = await waitForLeader(client, signal);
    const { endpoints, ca, cert, key, clusterFile } = connection;
    if (flags.json) {
      context.out(
        JSON.stringify({
          endpoints,
          ca,
          cert,
          key,
          cluster_file: clusterFile,
          client_file: join(folder, OPERATOR_FOLDER, CLIENT_FILE),
          data: folder,
          pids,
        }),
      );
    } else {
      await demonstrate({
        client,
        cluster: state,
        endpoints,
        pids,
        signal,
        exits: flags.exit === true,
        start: startCommand(flags, context),
        command: commandFor(flags.data, context),
        context,
      });
    }
    if (flags.exit) return;
    const shown = relative(context.folder, folder) || '.';
    context.err(`Ctrl-C stops the nodes; their data stays in ${shown}`);
    await interrupts.asked;
  } finally {
    client.close();
  }
}

/** The command that starts this cluster again. */
function startCommand({ data }: Flags, { program }: CommandContext): string {
  return data === DEV_FOLDER ? `${program} dev` : `${program} dev --data ${shellWord(data)}`;
}

/** Prefixes words with what calls this program for this cluster from this folder. */
function commandFor(data: string, { program }: CommandContext): (words: string) => string {
  const file = join(data, OPERATOR_FOLDER, CLIENT_FILE);
  const flag = data === DEV_FOLDER ? '' : ` --client-file ${shellWord(file)}`;
  return (words) => `${program} ${words}${flag}`;
}

function nodesArgument(text: string): number {
  const count = /^\d{1,3}$/.test(text) ? Number(text) : 0;
  if (count >= DEV_NODES_MIN && count <= DEV_NODES_MAX) return count;
  throw usageError(
    `--nodes must be a number from ${DEV_NODES_MIN} to ${DEV_NODES_MAX}, not "${text}"`,
  );
}

/** The value is not repeated: it may hold a password. */
function mongoArgument(text: string): string {
  if (isMongoUri(text) && !isUnsafeUri(text)) return text;
  throw usageError(
    "--mongo must be a connection string, mongodb://host:port or mongodb+srv://host, that does not switch off the check of the server's certificate",
  );
}

/** The first of the ports: all of them must be below 65536, and none of those that only root may open. */
function portArgument(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (port >= 1024 && port + 2 * DEV_NODES_MAX < 65_536) return port;
  throw usageError(
    `--port must be a number from 1024 to ${65_535 - 2 * DEV_NODES_MAX}, not "${text}"`,
  );
}
