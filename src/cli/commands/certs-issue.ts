import { Command, Option } from 'commander';
import { join, relative, resolve } from 'node:path';
import type { Role } from '../../identity/index.js';
import { KEY_TYPES } from '../../pki/index.js';
import type { KeyType } from '../../pki/index.js';
import { countArgument } from '../arguments.js';
import { usageError } from '../exit-codes.js';
import { facts } from '../format/table.js';
import { issueFiles } from '../issue-files.js';
import { shellWord } from '../command-context.js';
import type { CommandContext } from '../command-context.js';

type Flags = {
  readonly role: Role;
  readonly name: string;
  readonly cluster: string;
  readonly ca?: string;
  readonly caKey?: string;
  readonly out?: string;
  readonly days: number;
  readonly keyType: KeyType;
  readonly host?: readonly string[];
  readonly requester?: readonly string[];
  readonly json?: true;
};

const ROLES = ['app', 'operator', 'auditor', 'tee', 'mesh'];

/** `quorate certs issue`: a certificate for a node or requester, from the authority that `quorate certs init` made. */
export function issueCommand(context: CommandContext): Command {
  return new Command('issue')
    .description(
      "Issues a certificate and its private key from a cluster's authority: to applications, operators and auditors, and to " +
        'nodes whose certificate ends. Nothing is ever overwritten.',
    )
    .addOption(new Option('--role <role>', 'what it may do').choices(ROLES).makeOptionMandatory())
    .requiredOption('--name <name>', 'its name; for nodes, the node id')
    .option('--cluster <folder>', 'what `quorate certs init` made, with its authorities', 'cluster')
    .option(
      '--ca <file>',
      "the authority's certificate (default: the one in --cluster for this role)",
    )
    .option('--ca-key <file>', 'and its private key')
    .option('-o, --out <folder>', 'where to (default: a folder with the name)')
    .addOption(
      new Option('--days <count>', 'how long it is good')
        .default(30)
        .argParser(countArgument('--days')),
    )
    .addOption(
      new Option('--key-type <type>', 'Ed25519 is not for every TLS library')
        .choices(KEY_TYPES)
        .default('p256'),
    )
    .addOption(
      new Option(
        '--host <host>',
        'of a node: a DNS name or IP address that clients dial; may be repeated',
      ).argParser((value: string, before: readonly string[] | undefined) => [
        ...(before ?? []),
        value,
      ]),
    )
    .addOption(
      new Option(
        '--requester <spiffe-id>',
        'of a client: a requester whose keys it accepts beside its own; goes into its client.json; may be repeated',
      ).argParser((value: string, before: readonly string[] | undefined) => [
        ...(before ?? []),
        value,
      ]),
    )
    .option('--json', 'print one JSON object')
    .addHelpText(
      'after',
      `
Examples:
  quorate certs issue --role app --name payments
  quorate certs issue --role app --name payments --requester spiffe://quorate/operator/operator
  quorate certs issue --role auditor --name ann --key-type ed25519 --days 7
  quorate certs issue --role tee --name node-1 --host a.example.org --host 10.0.0.1 --out node-1-renewed
  quorate certs issue --ca requester-ca.pem --ca-key requester-ca-key.pem --role app --name wallet

The new folder has cert.pem and key.pem; for clients, when --cluster has them, the rest they need, with a client.json.`,
    )
    .action((flags: Flags) => issue(flags, context));
}

async function issue(flags: Flags, context: CommandContext): Promise<void> {
  const { role, name, days, keyType, host = [], requester = [], ca, caKey } = flags;
  const isNode = role === 'tee' || role === 'mesh';
  if (host.length > 0 && !isNode) throw usageError('--host is for nodes: --role tee or mesh');
  if ((ca === undefined) !== (caKey === undefined))
    throw usageError('--ca and --ca-key go together');
  const inFolder = (path: string) => resolve(context.folder, path);
  const folder = inFolder(flags.out ?? name);
  const issued = await issueFiles({
    folder,
    cluster: inFolder(flags.cluster),
    requesters: requester,
    authority:
      ca === undefined || caKey === undefined
        ? undefined
        : { certificate: inFolder(ca), privateKey: inFolder(caKey) },
    request: { role, name, days, keyType, hosts: host },
  });
  if (flags.json) {
    context.out(
      JSON.stringify({
        spiffe_id: issued.spiffeId,
        role,
        name,
        key_type: keyType,
        not_before: new Date(issued.notBeforeMs).toISOString(),
        not_after: new Date(issued.notAfterMs).toISOString(),
        folder,
        files: issued.files,
      }),
    );
    return;
  }
  const shown = relative(context.folder, folder) || '.';
  for (const line of facts([
    ['certificate', `${join(shown, 'cert.pem')}  ${issued.spiffeId}`],
    ['private key', `${join(shown, 'key.pem')}  for its owner alone`],
    ['good until', new Date(issued.notAfterMs).toISOString()],
  ])) {
    context.out(line);
  }
  if (issued.files.includes('client.json')) {
    const client = shellWord(join(shown, 'client.json'));
    context.err('');
    context.err(`  ${context.program} keys list --client-file ${client}`);
  }
}
