import { Command } from 'commander';
import { CLIENT_FILE, DEV_FOLDER, OPERATOR_FOLDER } from '../../client/index.js';
import { existsSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { createDevCluster, DEV_NODES } from '../dev/create.js';
import { demonstrate } from '../dev/demonstration.js';
import { Interrupts } from '../dev/interrupts.js';
import { LocalCluster } from '../dev/local-cluster.js';
import { Ended, EXIT } from '../exit-codes.js';
import { openClient, waitForLeader } from '../open-client.js';
import { shellWord } from '../command-context.js';
import type { CommandContext } from '../command-context.js';

type Flags = { readonly data: string; readonly exit?: true; readonly json?: true };

/** `quorate dev`: a cluster of three on this machine. */
export function devCommand(context: CommandContext): Command {
  return new Command('dev')
    .description(
      'Runs three nodes on this machine, over mutual TLS with an authority of their own, and shows what they do: ' +
        'a key is generated, a message signed, the signature checked. Then it stays until Ctrl-C.\n' +
        'Everything is kept in one folder; the same folder gives the same keys again.',
    )
    .option('--data <folder>', 'where everything is kept', DEV_FOLDER)
    .option('--exit', 'stop after the demonstration (with --json: after the line)')
    .option(
      '--json',
      'no demonstration; print one line when the cluster is ready: endpoints, ca, cert, key, data, pids',
    )
    .addHelpText(
      'after',
      `
Examples:
  quorate dev
  quorate dev --exit                      a demonstration, and nothing is left running
  quorate dev --data /tmp/try --json      for scripts; the certificate may do everything

For development only: requests need no signature here, and one authority issues all certificates.`,
    )
    .action((flags: Flags) => dev(flags, context));
}

async function dev(flags: Flags, context: CommandContext): Promise<void> {
  const folder = resolve(context.folder, flags.data);
  const shown = relative(context.folder, folder) || '.';
  if (!existsSync(join(folder, 'cluster.json'))) {
    context.err(`Making a cluster in ${shown}: an authority, certificates, identity keys ...`);
    await createDevCluster(folder);
  }
  context.err('Starting three nodes ...');
  let cluster: LocalCluster | undefined;
  using interrupts = new Interrupts(() => {
    cluster?.kill();
    process.exit(130);
  });
  cluster = await LocalCluster.start(folder, DEV_NODES);
  cluster.onDeath((node, ending) => {
    const command = `${context.program} node --config ${shellWord(relative(context.folder, node.configFile))}`;
    context.err(`${node.id} (process ${node.pid}) ended: ${ending}. Its log: ${node.logFile}`);
    context.err('Start it again with:');
    context.err(`  ${command}`);
  });
  const { connection, pids } = cluster;
  const client = openClient(connection);
  try {
    const state = await waitForLeader(client, interrupts.signal);
    if (flags.json) {
      const { endpoints, ca, cert, key } = connection;
      context.out(JSON.stringify({ endpoints, ca, cert, key, data: folder, pids }));
    } else {
      const command = commandFor(flags.data, context);
      const { endpoints } = connection;
      await demonstrate({ client, cluster: state, endpoints, pids, command, context });
    }
    if (flags.exit) return;
    context.err(`Ctrl-C stops the nodes; their data stays in ${shown}`);
    await interrupts.asked;
  } catch (error) {
    // A person that interrupts wants no explanation.
    throw interrupts.signal.aborted ? new Ended(EXIT.failure) : error;
  } finally {
    client.close();
    context.err('Stopping the nodes ...');
    await cluster.stop();
  }
}

/** Prefixes words with what calls this program for this cluster from this folder. */
function commandFor(data: string, { program }: CommandContext): (words: string) => string {
  const file = join(data, OPERATOR_FOLDER, CLIENT_FILE);
  const flag = data === DEV_FOLDER ? '' : ` --client-file ${shellWord(file)}`;
  return (words) => `${program} ${words}${flag}`;
}
