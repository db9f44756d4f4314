import { Command, Option } from 'commander';
import { join, relative, resolve } from 'node:path';
import type { NodeId } from '../../common/index.js';
import { idArgument } from '../enrolment/arguments.js';
import { facts } from '../format/table.js';
import { variableArgument } from '../node-keys.js';
import type { KeyVariable } from '../node-keys.js';
import { makeOwnKeys, MEMBER_FILE } from '../own-keys.js';
import { shellWord } from '../command-context.js';
import type { CommandContext } from '../command-context.js';

type Flags = {
  readonly nodeId: NodeId;
  readonly out?: string;
  readonly dataDir?: string;
  readonly nodeKeyEnv?: string;
  readonly nodeKeyPassphraseEnv?: string;
  readonly json?: true;
};

/** `quorate node init`: a node's own keys, made on its own machine. */
export function nodeInitCommand(context: CommandContext): Command {
  return new Command('init')
    .description(
      'Makes what is a node’s alone, on the machine where it will run: its identity key, the store that belongs to it, the ' +
        'node key that seals both, and its TLS key. The public half goes into member.json, which `quorate certs init ' +
        '--member` takes. Nothing is ever overwritten: a node that has lost its data cannot be made again under its old name.',
    )
    .addOption(
      new Option('--node-id <id>', 'this node')
        .argParser(idArgument('--node-id'))
        .makeOptionMandatory(),
    )
    .option('-o, --out <folder>', 'where to (default: a folder with the id)')
    .option('--data-dir <folder>', 'its data directory (default: data in that folder)')
    .addOption(
      new Option(
        '--node-key-env <variable>',
        'a variable that holds the node key, 64 hex characters, now and whenever it starts (default: a new file)',
      ).argParser(variableArgument('--node-key-env')),
    )
    .addOption(
      new Option(
        '--node-key-passphrase-env <variable>',
        'the same for a passphrase, of which the node makes its key',
      )
        .argParser(variableArgument('--node-key-passphrase-env'))
        .conflicts('nodeKeyEnv'),
    )
    .option('--json', 'print one JSON object')
    .addHelpText(
      'after',
      `
Examples:
  quorate node init --node-id a                          makes a/ with a/member.json
  quorate certs init --member a.json b.json c.json       elsewhere, with the public halves of all nodes`,
    )
    .action((flags: Flags) => init(flags, context));
}

async function init(flags: Flags, context: CommandContext): Promise<void> {
  const { nodeId: node } = flags;
  const folder = resolve(context.folder, flags.out ?? node);
  const dataDir =
    flags.dataDir === undefined ? join(folder, 'data') : resolve(context.folder, flags.dataDir);
  const place = { node, folder, dataDir, ...keyVariable(flags) };
  const text = await makeOwnKeys(place, context.environment);
  if (flags.json) {
    context.out(
      JSON.stringify({ node_id: node, folder, data_dir: dataDir, member: JSON.parse(text) }),
    );
    return;
  }
  tell(flags, folder, dataDir, context);
}

function tell(flags: Flags, folder: string, dataDir: string, context: CommandContext): void {
  const shown = (path: string) => relative(context.folder, path) || '.';
  const isFile = flags.nodeKeyEnv === undefined && flags.nodeKeyPassphraseEnv === undefined;
  const member = join(folder, MEMBER_FILE);
  const rows: [string, string][] = [
    ['public half', `${shown(member)}  to whoever makes the cluster`],
    ['data', `${shown(dataDir)}/  identity key and store; it never leaves this machine`],
    ...(isFile
      ? [['node key', `${shown(join(folder, 'node.key'))}  seals both`] satisfies [string, string]]
      : []),
    ['TLS key', shown(join(folder, 'key.pem'))],
  ];
  for (const line of facts(rows)) context.out(line);
  const variable = isFile
    ? ''
    : flags.nodeKeyEnv === undefined
      ? ` --node-key-passphrase-env ${flags.nodeId}=${flags.nodeKeyPassphraseEnv ?? ''}`
      : ` --node-key-env ${flags.nodeId}=${flags.nodeKeyEnv}`;
  context.err('');
  context.err(
    'Send that one file by a way that its reader trusts. With those of all nodes, the cluster is made by:',
  );
  context.err(
    `  ${context.program} certs init --member ${shellWord(shown(member))} ...${variable} --host ${flags.nodeId}=...`,
  );
  context.err(
    `Then copy the files of its folder ${flags.nodeId}/ into ${shown(folder)}/, and start the node:`,
  );
  context.err(`  ${context.program} node --config ${shellWord(shown(join(folder, 'node.yaml')))}`);
}

function keyVariable(flags: Flags): { readonly nodeKey?: KeyVariable } {
  const { nodeKeyEnv, nodeKeyPassphraseEnv } = flags;
  if (nodeKeyEnv !== undefined) return { nodeKey: { kind: 'env', variable: nodeKeyEnv } };
  if (nodeKeyPassphraseEnv === undefined) return {};
  return { nodeKey: { kind: 'passphrase', variable: nodeKeyPassphraseEnv } };
}

/** The value is not repeated: operators write the secret itself there by mistake. */
