import { Command, Option } from 'commander';
import type { JudgedKey, KeyTrust } from '../../client/index.js';
import { countArgument, intervalArgument, listArgument, REQUEST_ID_HELP } from '../arguments.js';
import { addConnectionOptions } from '../connection.js';
import type { ConnectionFlags } from '../connection.js';
import type { CommandContext } from '../command-context.js';
import { wrongClocks } from '../wrong-clocks.js';
import { GENERATE_ECDSA_MS, withClient } from '../open-client.js';
import { sayingWhatIsMissing } from '../progress.js';
import { addRequireOption } from '../trust.js';

type ReshareFlags = ConnectionFlags & {
  readonly threshold?: number;
  readonly participants?: readonly string[];
  readonly interval?: number;
  readonly allowNoRedundancy?: true;
  readonly requestId?: string;
  readonly require?: KeyTrust;
  readonly json?: true;
};

/** Prints a key, or the error of one that is worth less than is required. */
type Show = (
  judged: JudgedKey,
  flags: Pick<ReshareFlags, 'require' | 'json'>,
  context: CommandContext,
) => void;

/** `quorate keys reshare`: the next version of a key. */
export function reshareCommand(context: CommandContext, show: Show): Command {
  const command = new Command('reshare')
    .description(
      'Shares a key anew: the same public key in new shares, which fit no old ones. Among the same nodes, or others, with the ' +
        'same threshold or another. Signatures go on meanwhile; the old shares are erased when all nodes have the new ones. Needs ' +
        'a certificate of role operator, or of the key’s owner, and feature level 3.',
    )
    .argument('<key-id>')
    .addOption(
      new Option(
        '-t, --threshold <count>',
        'how many sign together from then on (default: as many as now)',
      ).argParser(countArgument('--threshold')),
    )
    .addOption(
      new Option(
        '--participants <nodes>',
        'the nodes that hold a share from then on, a,b,c (default: those that do now)',
      ).argParser(listArgument('--participants')),
    )
    .addOption(
      new Option(
        '--interval <time>',
        'refresh the shares so often from then on, 1h to 365d, or never (default: as it is)',
      ).argParser(intervalArgument('--interval')),
    )
    .option(
      '--allow-no-redundancy',
      'permit a threshold of all participants: losing one node then loses the key',
    )
    .option('--request-id <id>', REQUEST_ID_HELP)
    .option('--json', 'print one JSON object');
  addRequireOption(command, 'pending');
  return addConnectionOptions(command)
    .addHelpText(
      'after',
      `
All nodes that are to hold a share must be there, and as many of those that hold one now as it takes to sign. Where that
takes longer than the command waits, the task goes on: the same --request-id asks again, \`quorate tasks cancel\` ends it.

Examples:
  quorate keys reshare payments
  quorate keys reshare payments --participants node-1,node-2,node-4
  quorate keys reshare payments --threshold 3 --participants node-1,node-2,node-3,node-4,node-5
  quorate keys reshare payments --interval 12h`,
    )
    .action(async (keyId: string, flags: ReshareFlags) => {
      const { threshold, participants, allowNoRedundancy, requestId } = flags;
      const judged = await withClient(flags, context, GENERATE_ECDSA_MS, (client, options) => {
        const call = client.reshareKey(
          {
            keyId,
            threshold,
            participants,
            allowNoRedundancy,
            reshareIntervalMs: flags.interval,
            requestId,
          },
          options,
        );
        const clocks = () => wrongClocks(flags, context);
        const needed = { nodes: participants, all: true, wrongClocks: clocks };
        return sayingWhatIsMissing(call, client, needed, context);
      });
      show(judged, flags, context);
    });
}
