import { Command, Option } from 'commander';
import { join, relative, resolve } from 'node:path';
import type { MemberRequest, Role } from '../../identity/index.js';
import { KEY_TYPES } from '../../pki/index.js';
import type { KeyType } from '../../pki/index.js';
import { countArgument } from '../arguments.js';
import { usageError } from '../exit-codes.js';
import { facts } from '../format/table.js';
import { readMember } from '../init-plan.js';
import { issueFiles } from '../issue-files.js';
import { shellWord } from '../command-context.js';
import type { CommandContext } from '../command-context.js';

type Flags = {
  readonly role?: Role;
  readonly name?: string;
  readonly member?: string;
  readonly renew?: string;
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
    .addOption(new Option('--role <role>', 'what it may do').choices(ROLES))
    .option('--name <name>', 'its name; for nodes, the node id')
    .option(
      '--member <file>',
      'in place of both, for a node that made its own keys: its member.json. The new certificate is for the same TLS key',
    )
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
        'of a node: a DNS name or IP address that clients dial; may be repeated (default: those of the old certificate)',
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
    .option(
      '--renew <file>',
      "of a node: its old certificate, whose names are kept (default: the one in the node's folder of --cluster)",
    )
    .option('--json', 'print one JSON object')
    .addHelpText(
      'after',
      `
Examples:
  quorate certs issue --role app --name payments
  quorate certs issue --role app --name payments --requester spiffe://quorate/operator/operator
  quorate certs issue --role auditor --name ann --key-type ed25519 --days 7
  quorate certs issue --role tee --name node-1 --out node-1-renewed
  quorate certs issue --role tee --name node-1 --host a.example.org --host 10.0.0.1 --out node-1-moved
  quorate certs issue --member a/member.json --renew a/cert.pem --out a-renewed
  quorate certs issue --ca requester-ca.pem --ca-key requester-ca-key.pem --role app --name wallet

The new folder has cert.pem and key.pem; for clients, when --cluster has them, the rest they need, with a client.json.`,
    )
    .action((flags: Flags, command: Command) => issue(flags, command, context));
}

async function issue(flags: Flags, command: Command, context: CommandContext): Promise<void> {
  const { days, keyType, host = [], requester = [], ca, caKey, renew } = flags;
  const member = flags.member === undefined ? undefined : readMember(flags.member, context.folder);
  const { role, name } = ownerOf(flags, member);
  const isNode = role === 'tee' || role === 'mesh';
  if (host.length > 0 && !isNode) throw usageError('--host is for nodes: --role tee or mesh');
  if (renew !== undefined && !isNode) throw usageError('--renew is for nodes: --role tee or mesh');
  if ((ca === undefined) !== (caKey === undefined))
    throw usageError('--ca and --ca-key go together');
  const inFolder = (path: string) => resolve(context.folder, path);
  const folder = inFolder(flags.out ?? name);
  const issued = await issueFiles({
    folder,
    cluster: inFolder(flags.cluster),
    requesters: requester,
    isClusterNamed: command.getOptionValueSource('cluster') === 'cli',
    authority:
      ca === undefined || caKey === undefined
        ? undefined
        : { certificate: inFolder(ca), privateKey: inFolder(caKey) },
    ...(member && { member }),
    request: {
      role,
      name,
      days,
      keyType,
      hosts: host,
      ...(renew !== undefined && { old: inFolder(renew) }),
    },
  });
  if (isNode && issued.hosts.length === 0) {
    context.err(
      'The certificate names no host: clients that check the host, which are all but ours, will refuse it. Give --host.',
    );
  }
  if (!issued.isJudged) {
    context.err(
      'It was held against its authority alone: with --cluster, against the cluster.json that nodes have.',
    );
  }
  if (flags.json) {
    context.out(
      JSON.stringify({
        spiffe_id: issued.spiffeId,
        role,
        name,
        ...(member === undefined && { key_type: keyType }),
        hosts: issued.hosts,
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
    ...(member === undefined
      ? [
          ['private key', `${join(shown, 'key.pem')}  for its owner alone`] satisfies [
            string,
            string,
          ],
        ]
      : []),
    ...(issued.hosts.length > 0
      ? [['hosts', issued.hosts.join(', ')] satisfies [string, string]]
      : []),
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

/** The subject of the new certificate: as the flags say it, or a node's own request. */
function ownerOf(
  { role, name }: Flags,
  member: MemberRequest | undefined,
): { readonly role: Role; readonly name: string } {
  if (member !== undefined) {
    if (role !== undefined || name !== undefined)
      throw usageError('--member stands in place of --role and --name');
    return { role: member.role, name: member.nodeId };
  }
  if (role === undefined) throw usageError('--role is missing');
  if (name === undefined) throw usageError('--name is missing');
  return { role, name };
}
