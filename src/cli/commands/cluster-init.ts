import { Command, Option } from 'commander';
import { countArgument } from '../arguments.js';
import { nodeAddressArgument, waitArgument } from '../enrolment/arguments.js';
import { NODES_WAIT_MS } from '../enrolment/limits.js';
import type { MakeFlags } from '../enrolment/make-cluster.js';
import { hostArgument } from '../host-argument.js';
import { limitArgument } from '../limit-argument.js';
import type { CommandContext } from '../command-context.js';

const DEFAULT_DAYS = 90;

/** `quorate cluster init`: makes a cluster of nodes that wait, and brings each its genesis. */
export function clusterInitCommand(context: CommandContext): Command {
  return new Command('init')
    .description(
      'Makes a cluster of nodes that wait for their genesis (quorate node enroll): collects their public halves, makes what ' +
        '`quorate certs init --member` makes, and brings each node its genesis and its certificate. Nothing secret of a node ' +
        'is ever here. Called again, it goes on where it was.',
    )
    .addOption(
      new Option(
        '--node <id=host:port>',
        'a node that waits, and where; for each node. Others dial the same host',
      )
        .argParser(nodeAddressArgument('--node'))
        .makeOptionMandatory(),
    )
    .requiredOption('--tokens <folder>', 'the token of each node, in a file with its id')
    .option('-o, --out <folder>', 'where to', 'cluster')
    .addOption(
      new Option(
        '--host <node=host[:port]>',
        "further names and addresses in a node's certificate, and the port of its clients (default: 7400); may be repeated",
      ).argParser(hostArgument),
    )
    .option(
      '--peer-ca <file>',
      "the nodes' authority, PEM, where you have one, which issues their certificates (default: a new one)",
    )
    .option('--requester-ca <file>', "the same for the requesters' authority")
    .option('--operator <name>', "the name in the operator's certificate", 'operator')
    .addOption(
      new Option('--days <count>', 'how long certificates are good')
        .default(DEFAULT_DAYS)
        .argParser(countArgument('--days')),
    )
    .addOption(
      new Option(
        '--limit <name=number>',
        'a limit of the genesis, for the life of the cluster; may be repeated',
      ).argParser(limitArgument),
    )
    .option('--allow-no-redundancy', 'take one or two nodes, which tolerate no loss')
    .addOption(
      new Option('--wait <duration>', 'how long to wait for the nodes')
        .default(NODES_WAIT_MS, '10m')
        .argParser(waitArgument('--wait')),
    )
    .option('--json', 'print one JSON object')
    .addHelpText(
      'after',
      `
Examples:
  quorate cluster init --tokens tokens --node a=a.example.org:7402 --node b=b.example.org:7402 --node c=10.0.0.3:7402`,
    )
    .action(async (flags: MakeFlags) => {
      // Code that makes certificates and stores: the other commands of the group do without it.
      const { makeCluster } = await import('../enrolment/make-cluster.js');
      await makeCluster(flags, context);
    });
}
