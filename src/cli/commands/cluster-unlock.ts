import { Command } from 'commander';
import { ClusterError } from '../../common/index.js';
import { isAskedFor } from '../../client/index.js';
import type { Cluster, UnlockSigningInput } from '../../client/index.js';
import { addConnectionOptions } from '../connection.js';
import type { ConnectionFlags } from '../connection.js';
import { askEachEndpoint, problemOf } from '../each-endpoint.js';
import { usageError } from '../exit-codes.js';
import { SIGN_MS, withClient } from '../open-client.js';
import type { CommandContext } from '../command-context.js';

type Flags = ConnectionFlags & {
  readonly keyVersion?: number;
  readonly silent?: string;
  readonly node?: string;
  readonly json?: true;
  readonly yes?: true;
};

type Locked = { readonly endpoint: string; readonly cluster: Cluster };

/** `quorate cluster unlock`: has nodes forget failed signing sessions that each of them counts for itself. */
export function unlockCommand(context: CommandContext): Command {
  const command = new Command('unlock')
    .description(
      'Has the nodes that count failed GG20 signing sessions against a version of a key, or against a node that was ' +
        'silent, forget them: 32 failures of a version, or three silences of a node, and a node signs no more. Somebody may ' +
        'learn a little of a key from each failure, so find out first why they failed. Each endpoint is asked for itself. ' +
        'Needs a certificate of role operator.',
    )
    .argument('[key]', 'the key whose sessions failed')
    .option('--key-version <number>', 'its version, where several have failed', versionOf)
    .option('--silent <node>', 'the node that was silent')
    .option('--node <node>', 'only the counts of this node (default: of every node that answers)')
    .option('--yes', 'do it without asking')
    .option('--json', 'print one JSON object');
  return addConnectionOptions(command)
    .addHelpText(
      'after',
      `
\`quorate cluster status\` shows the counts. A reshare of the key ends those of the version before, too.

Examples:
  quorate cluster unlock treasury --yes
  quorate cluster unlock --silent node-3 --node node-1 --yes`,
    )
    .action(async (key: string | undefined, flags: Flags) => {
      const input = inputOf(key, flags);
      if (!flags.yes) {
        throw usageError(
          'Each failed session may have told somebody a little of the key. Find out why they failed, and give --yes',
        );
      }
      const cleared: { readonly node_id: string; readonly failures: number }[] = [];
      for (const { endpoint, cluster } of await lockedNodes(flags, input, context)) {
        const one = { ...flags, endpoint: [endpoint] };
        const failures = await withClient(one, context, SIGN_MS, (client, options) =>
          client.unlockSigning(input, cluster, options),
        );
        cleared.push({ node_id: cluster.nodeId, failures });
      }
      if (flags.json) return context.out(JSON.stringify({ cleared }));
      for (const { node_id: node, failures } of cleared) {
        context.out(`${node} has forgotten ${failures} failed sessions`);
      }
    });
}

/**
 * The endpoints whose nodes show such a count.
 *
 * @throws ClusterError `wrong-state` NO_SUCH_FAILURES; the fault of an endpoint where none answered.
 */
async function lockedNodes(
  flags: Flags,
  input: UnlockSigningInput,
  context: CommandContext,
): Promise<readonly Locked[]> {
  const answers = await askEachEndpoint(flags, context);
  const known = answers.flatMap(({ endpoint, cluster }) =>
    cluster === undefined ? [] : [{ endpoint, cluster }],
  );
  if (known.length === 0) throw answers[0]?.error ?? usageError('No endpoint is named');
  for (const answer of answers) {
    if (answer.cluster === undefined) context.err(`${answer.endpoint}: ${problemOf(answer)}`);
  }
  const locked = known.filter(({ cluster: { nodeId, signingFailures } }) => {
    const isMeant = flags.node === undefined || flags.node === nodeId;
    return isMeant && signingFailures.some((each) => isAskedFor(input, each));
  });
  if (locked.length > 0) return locked;
  throw new ClusterError('wrong-state', 'No node that answered counts such failures', {
    reason: 'NO_SUCH_FAILURES',
  });
}

function inputOf(key: string | undefined, { keyVersion, silent }: Flags): UnlockSigningInput {
  if (key !== undefined && silent === undefined) return { keyId: key, version: keyVersion };
  if (key === undefined && silent !== undefined && keyVersion === undefined) {
    return { silentNodeId: silent };
  }
  throw usageError(
    'Name a key (and where several of its versions have failed --key-version), or give --silent',
  );
}

function versionOf(text: string): number {
  const version = Number(text);
  if (/^[1-9][0-9]{0,9}$/.test(text) && version < 2 ** 32) return version;
  throw usageError('--key-version must be a whole number from 1 on');
}
