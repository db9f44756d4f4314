import { Command, Option } from 'commander';
import { join, relative, resolve } from 'node:path';
import { isId, nodeId } from '../../common/index.js';
import type { NodeId } from '../../common/index.js';
import { authorityFiles } from '../authorities.js';
import { countArgument } from '../arguments.js';
import { createCluster, LOOPBACK } from '../create-cluster.js';
import type { NodePlan } from '../cluster-plan.js';
import { usageError } from '../exit-codes.js';
import { facts } from '../format/table.js';
import { issueCommand } from './certs-issue.js';
import { shellWord } from '../command-context.js';
import type { CommandContext } from '../command-context.js';

type Flags = {
  readonly out: string;
  readonly nodes: readonly NodeId[];
  readonly host?: ReadonlyMap<string, readonly string[]>;
  readonly nodeKeyEnv?: ReadonlyMap<string, string>;
  readonly nodeKeyPassphraseEnv?: ReadonlyMap<string, string>;
  readonly operator: string;
  readonly days: number;
  readonly unsigned?: true;
  readonly operatorsSign?: true;
  readonly json?: true;
};

const CLIENT_PORT = 7400;
const PEER_PORT = 7401;
/** On one machine, each node's ports are so far from the one before. */
const PORT_STEP = 10;

/** `quorate certs`: what nodes and people need to know each other. */
export function certsCommand(context: CommandContext): Command {
  return new Command('certs')
    .description('Authorities, certificates, identity keys.')
    .addCommand(initCommand(context))
    .addCommand(issueCommand(context));
}

function initCommand(context: CommandContext): Command {
  return new Command('init')
    .description(
      'Makes all that a new cluster begins with: an authority for nodes and one for requesters, cluster.json (the ' +
        'genesis), a complete folder for every node, and a certificate for an operator. Nothing is ever overwritten.',
    )
    .option('-o, --out <folder>', 'where to', 'cluster')
    .addOption(
      new Option('--nodes <ids>', 'the nodes, a,b,c')
        .default(['node-1', 'node-2', 'node-3'].map(nodeId), 'node-1,node-2,node-3')
        .argParser(nodesArgument),
    )
    .addOption(
      new Option(
        '--host <node=host>',
        "a node's DNS name or IP address; repeat for more nodes and names (default: this machine)",
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
    .option('--operator <name>', "the name in the operator's certificate", 'operator')
    .addOption(
      new Option('--days <count>', 'how long certificates are good')
        .default(30)
        .argParser(countArgument('--days')),
    )
    .option('--unsigned', 'take requests that only mutual TLS authenticates: nodes vouch for them')
    .option('--operators-sign', 'let operators sign with every key, not only with their own')
    .option('--json', 'print one JSON object')
    .addHelpText(
      'after',
      `
Examples:
  quorate certs init --out cluster
  quorate certs init --out prod --nodes a,b,c --host a=a.example.org --host b=b.example.org --host c=10.0.0.3
  A="$(pass show a)" quorate certs init --nodes a,b,c --node-key-passphrase-env a=A
  quorate node --config cluster/node-1/node.yaml

Then carry each node's folder to its machine, operator/ to yours, and both authorities' keys to a safe place. Further certificates: quorate certs issue --help`,
    )
    .action((flags: Flags) => init(flags, context));
}

async function init(flags: Flags, context: CommandContext): Promise<void> {
  const folder = resolve(context.folder, flags.out);
  const nodes = planNodes(flags);
  const { operator, days } = flags;
  const [unsigned, operatorsSign] = [flags.unsigned ?? false, flags.operatorsSign ?? false];
  const plan = { folder, nodes, operator, days, unsigned, operatorsSign };
  const genesis = await createCluster(plan, context.environment);
  const at = (...names: string[]) => join(relative(context.folder, folder) || '.', ...names);
  const keyOf = (kind: 'peer' | 'requester') =>
    relative(context.folder, authorityFiles(folder, kind).privateKey);
  if (flags.json) {
    context.out(
      JSON.stringify({
        cluster_id: genesis.clusterId,
        folder,
        nodes: nodes.map(({ id }) => id),
        unsigned_requests: genesis.unsigned,
        operators_sign: genesis.operatorsSign ?? false,
      }),
    );
    return;
  }
  for (const line of facts([
    ['cluster', genesis.clusterId],
    ...nodes.map(({ id }): [string, string] => [id, `${at(id)}/  to its machine`]),
    ['operator', `${at('operator')}/  to yours`],
    ['authorities', `${keyOf('peer')}  to a safe place: its holder can be any node`],
    ['', `${keyOf('requester')}  the same: its holder can ask for anything`],
  ])) {
    context.out(line);
  }
  const { program } = context;
  context.err('');
  context.err('Start the nodes, then ask them:');
  for (const { id } of nodes) {
    context.err(`  ${program} node --config ${shellWord(at(id, 'node.yaml'))}`);
  }
  const client = shellWord(at('operator', 'client.json'));
  context.err(`  ${program} cluster status --client-file ${client}`);
  context.err('');
  if (!genesis.unsigned) {
    context.err(
      'Every request must be signed by its requester: `quorate` and the client library do that.',
    );
    return;
  }
  context.err(
    'Nodes vouch for requests that are not signed, so one malicious node can ask for anything. To end that:',
  );
  context.err(`  ${program} cluster require-signatures --yes --client-file ${client}`);
}

/** Nodes with hosts of their own all use the same ports; nodes on this machine each have their own. */
function planNodes(flags: Flags): NodePlan[] {
  const { nodes, host = new Map(), nodeKeyEnv, nodeKeyPassphraseEnv } = flags;
  requireKnown('--host', host, nodes);
  requireKnown('--node-key-env', nodeKeyEnv, nodes);
  requireKnown('--node-key-passphrase-env', nodeKeyPassphraseEnv, nodes);
  return nodes.map((id, at) => {
    const own = host.get(id);
    const shift = own === undefined ? at * PORT_STEP : 0;
    const listen = own === undefined ? '127.0.0.1' : '0.0.0.0';
    return {
      id,
      hosts: own ?? LOOPBACK,
      clientListen: `${listen}:${CLIENT_PORT + shift}`,
      peerListen: `${listen}:${PEER_PORT + shift}`,
      ...keyVariable(id, flags),
    };
  });
}

function requireKnown(
  flag: string,
  given: ReadonlyMap<string, unknown> = new Map(),
  nodes: readonly NodeId[],
): void {
  for (const id of given.keys()) {
    if (!nodes.some((node) => node === id)) throw usageError(`${flag}: ${id} is not among --nodes`);
  }
}

function keyVariable(
  id: NodeId,
  { nodeKeyEnv, nodeKeyPassphraseEnv }: Flags,
): Pick<NodePlan, 'nodeKey'> {
  const key = nodeKeyEnv?.get(id);
  const passphrase = nodeKeyPassphraseEnv?.get(id);
  if (key !== undefined && passphrase !== undefined)
    throw usageError(`${id}: give one of --node-key-env and --node-key-passphrase-env`);
  if (key !== undefined) return { nodeKey: { kind: 'env', variable: key } };
  if (passphrase === undefined) return {};
  return { nodeKey: { kind: 'passphrase', variable: passphrase } };
}

function nodesArgument(text: string): NodeId[] {
  const ids = text.split(',').map((id) => id.trim());
  const wrong = ids.find((id) => !isId(id));
  if (wrong !== undefined) {
    throw usageError(`--nodes: "${wrong}" must be lower-case letters, digits, _ and -, at most 63`);
  }
  if (new Set(ids).size !== ids.length) throw usageError('--nodes: a node is named twice');
  return ids.map(nodeId);
}

function hostArgument(
  text: string,
  before: ReadonlyMap<string, readonly string[]> | undefined,
): ReadonlyMap<string, readonly string[]> {
  const at = text.indexOf('=');
  if (at < 1 || at === text.length - 1) {
    throw usageError(`--host must be node=host, for example node-1=a.example.org, not "${text}"`);
  }
  const [id, host] = [text.slice(0, at), text.slice(at + 1)];
  return new Map([...(before ?? []), [id, [...(before?.get(id) ?? []), host]]]);
}

/** Collects `node=VARIABLE`. The value is not repeated: operators write the secret itself there by mistake. */
function variableArgument(flag: string) {
  return (
    text: string,
    before: ReadonlyMap<string, string> | undefined,
  ): ReadonlyMap<string, string> => {
    const [, id, variable] = /^([^=]*)=([A-Z_][A-Z0-9_]{0,62})$/.exec(text) ?? [];
    if (id === undefined || variable === undefined)
      throw usageError(`${flag} must be node=VARIABLE, the name in capital letters, digits and _`);
    return new Map([...(before ?? []), [id, variable]]);
  };
}
