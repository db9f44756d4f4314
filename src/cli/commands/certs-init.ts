import { Command, Option } from 'commander';
import { join, relative, resolve } from 'node:path';
import { nodeId } from '../../common/index.js';
import type { Genesis, Limits } from '../../identity/index.js';
import { countArgument } from '../arguments.js';
import { authorityFiles } from '../authorities.js';
import type { ClusterPlan } from '../cluster-plan.js';
import { createCluster } from '../create-cluster.js';
import { usageError } from '../exit-codes.js';
import { facts } from '../format/table.js';
import { nodesArgument, planNodes, readMembers, variableArgument } from '../init-plan.js';
import type { NodeFlags } from '../init-plan.js';
import { hostArgument } from '../host-argument.js';
import { limitArgument, limitHelp } from '../limit-argument.js';
import { readAnchors } from '../new-authorities.js';
import { shellWord } from '../command-context.js';
import type { CommandContext } from '../command-context.js';

type Flags = NodeFlags & {
  readonly out: string;
  readonly member?: readonly string[];
  readonly peerCa?: string;
  readonly requesterCa?: string;
  readonly operator: string;
  readonly days: number;
  readonly limit?: Limits;
  readonly unsigned?: true;
  readonly operatorsSign?: true;
  readonly json?: true;
};

/** Nodes do not take a new certificate without a restart yet, so theirs are not very short. */
const DEFAULT_DAYS = 90;
const DEFAULT_NODES = 'node-1,node-2,node-3';

/** `quorate certs init`: the genesis of a cluster, and what its nodes and its operator begin with. */
export function initCommand(context: CommandContext): Command {
  return new Command('init')
    .description(
      'Makes all that a new cluster begins with: an authority for nodes and one for requesters, cluster.json (the ' +
        'genesis), a folder for every node, and a certificate for an operator. Nothing is ever overwritten.\n' +
        'With --member the nodes have made their own keys (quorate node init), and nothing secret of theirs is here. ' +
        'Without it all keys of all nodes are made here: for trying out, or on a machine that is wiped.',
    )
    .option('-o, --out <folder>', 'where to', 'cluster')
    .addOption(
      new Option('--nodes <ids>', 'the nodes, a,b,c')
        .default(DEFAULT_NODES.split(',').map(nodeId), DEFAULT_NODES)
        .argParser(nodesArgument),
    )
    .option(
      '--member <files...>',
      'in place of --nodes: the member.json of each node, that `quorate node init` wrote on its machine',
    )
    .addOption(
      new Option(
        '--host <node=host[:port]>',
        "a node's DNS name or IP address, and the port of its clients (the next one is its peers'); repeat for more nodes and " +
          'names (default: this machine)',
      ).argParser(hostArgument),
    )
    .addOption(
      new Option(
        '--node-key-env <node=variable>',
        "a variable that holds this node's key, 64 hex characters, now and whenever it starts (default: a new file)",
      ).argParser(variableArgument('--node-key-env')),
    )
    .addOption(
      new Option(
        '--node-key-passphrase-env <node=variable>',
        'the same for a passphrase, of which the node makes its key',
      ).argParser(variableArgument('--node-key-passphrase-env')),
    )
    .option(
      '--peer-ca <file>',
      "the nodes' authority, PEM, where you have one: its root. Its private key stays where it is (default: a new one)",
    )
    .option('--requester-ca <file>', "the same for the requesters' authority")
    .option('--operator <name>', "the name in the operator's certificate", 'operator')
    .addOption(
      new Option(
        '--days <count>',
        'how long certificates are good; those of nodes end some days apart, the first of them last',
      )
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
    .option('--unsigned', 'take requests that only mutual TLS authenticates: nodes vouch for them')
    .option('--operators-sign', 'let operators sign with every key, not only with their own')
    .option('--json', 'print one JSON object')
    .addHelpText(
      'after',
      `
Limits, with their defaults:
${limitHelp()}

Examples:
  quorate certs init --out cluster
  quorate certs init --out prod --nodes a,b,c --host a=a.example.org --host b=b.example.org:8400 --host c=10.0.0.3
  quorate certs init --out prod --member a.json b.json c.json --host a=a.example.org --host b=b.example.org --host c=10.0.0.3
  quorate certs init --peer-ca root.pem --requester-ca root.pem --limit keys_max=1000
  A="$(pass show a)" quorate certs init --nodes a,b,c --node-key-passphrase-env a=A
  quorate node --config cluster/node-1/node.yaml

Further certificates: quorate certs issue --help`,
    )
    .action((flags: Flags, command: Command) => init(flags, command, context));
}

async function init(flags: Flags, command: Command, context: CommandContext): Promise<void> {
  const { member = [], peerCa, requesterCa, operator, days, limit: limits } = flags;
  if (member.length > 0 && command.getOptionValueSource('nodes') === 'cli')
    throw usageError('--nodes and --member: give one of them');
  const folder = resolve(context.folder, flags.out);
  const anchors = (flag: string, file: string) => readAnchors(flag, context.folder, file);
  const plan: ClusterPlan = {
    folder,
    nodes: planNodes(flags, readMembers(member, context.folder)),
    operator,
    days,
    unsigned: flags.unsigned ?? false,
    operatorsSign: flags.operatorsSign ?? false,
    ...(limits !== undefined && { limits }),
    ...(peerCa !== undefined && { peerCa: anchors('--peer-ca', peerCa) }),
    ...(requesterCa !== undefined && { requesterCa: anchors('--requester-ca', requesterCa) }),
  };
  const genesis = await createCluster(plan, context.environment);
  if (flags.json) context.out(JSON.stringify(asJson(plan, genesis)));
  else tell(plan, genesis, context);
}

function asJson({ folder, nodes }: ClusterPlan, genesis: Genesis): object {
  return {
    cluster_id: genesis.clusterId,
    folder,
    nodes: nodes.map(({ id }) => id),
    unsigned_requests: genesis.unsigned,
    operators_sign: genesis.operatorsSign ?? false,
  };
}

/** Says what was made and where it goes, and the next step. */
function tell(plan: ClusterPlan, genesis: Genesis, context: CommandContext): void {
  const { folder, nodes } = plan;
  const at = (...names: string[]) => join(relative(context.folder, folder) || '.', ...names);
  const keyOf = (kind: 'peer' | 'requester') =>
    relative(context.folder, authorityFiles(folder, kind).privateKey);
  const own = nodes.some(({ member }) => member !== undefined);
  const authorities: [string, string][] = [
    ...(plan.peerCa === undefined
      ? [`${keyOf('peer')}  to a safe place: its holder can be any node`]
      : []),
    ...(plan.requesterCa === undefined
      ? [`${keyOf('requester')}  to a safe place: its holder can ask for anything`]
      : []),
  ].map((line, number) => [number === 0 ? 'authorities' : '', line]);
  for (const line of facts([
    ['cluster', genesis.clusterId],
    ...nodes.map(({ id }): [string, string] => [
      id,
      own
        ? `${at(id)}/  nothing secret: into the folder of node init`
        : `${at(id)}/  to its machine`,
    ]),
    ['operator', `${at('operator')}/  to yours`],
    ...authorities,
  ])) {
    context.out(line);
  }
  for (const line of nextSteps(plan, genesis, at, context.program)) context.err(line);
}

function nextSteps(
  plan: ClusterPlan,
  genesis: Genesis,
  at: (...names: string[]) => string,
  program: string,
): string[] {
  const { nodes } = plan;
  const client = shellWord(at('operator', 'client.json'));
  const own = nodes.some(({ member }) => member !== undefined);
  const start = own
    ? [
        'Copy the files of each folder into the folder that `quorate node init` made on its machine, and there:',
        `  ${program} node --config node.yaml`,
      ]
    : [
        'Start the nodes, each on its machine:',
        ...nodes.map(({ id }) => `  ${program} node --config ${shellWord(at(id, 'node.yaml'))}`),
        'This machine has the secrets of all nodes: once each folder is on its machine, destroy the copies here.',
      ];
  return [
    '',
    ...wantedCertificates(plan),
    ...start,
    'Then ask them:',
    `  ${program} cluster status --client-file ${client}`,
    '',
    ...(genesis.unsigned
      ? [
          'Nodes vouch for requests that are not signed, so one malicious node can ask for anything. To end that:',
          `  ${program} cluster require-signatures --yes --client-file ${client}`,
        ]
      : [
          'Every request must be signed by its requester: `quorate` and the client library do that.',
        ]),
  ];
}

/** The certificates that an authority of the owner's own has to issue: their private keys are not here. */
function wantedCertificates({ nodes, peerCa, requesterCa, operator }: ClusterPlan): string[] {
  const wanted = [
    ...(peerCa === undefined
      ? []
      : nodes.map(({ id, member }) => ({
          folder: id,
          id: `spiffe://quorate/tee/${id}`,
          hasKey: member !== undefined,
        }))),
    ...(requesterCa === undefined
      ? []
      : [{ folder: 'operator', id: `spiffe://quorate/operator/${operator}`, hasKey: false }]),
  ];
  const lines = (words: string, some: typeof wanted): string[] =>
    some.length === 0 ? [] : [words, ...some.map(({ folder, id }) => `  ${folder}  ${id}`), ''];
  return [
    // A certificate for another key would not be of use: the node's own key never leaves its machine.
    ...lines(
      'Let the authority of your nodes issue a certificate for each of these SPIFFE ids (certs/README.md), for the key that ' +
        'the node has made: its public key is `tls_key` in member.json (DER, in hex). Put cert.pem (leaf first, then its ' +
        'intermediates) beside the key.pem that `quorate node init` has made already:',
      wanted.filter(({ hasKey }) => hasKey),
    ),
    ...lines(
      'Let your authority issue a certificate for each of these SPIFFE ids (certs/README.md), and put cert.pem (leaf first, ' +
        'then its intermediates) and key.pem into the folder:',
      wanted.filter(({ hasKey }) => !hasKey),
    ),
  ];
}
