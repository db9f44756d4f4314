import { Command, Option } from 'commander';
import { LEVEL_MAX } from '../../wire/index.js';
import { addConnectionOptions, durationArgument, findConnection } from '../connection.js';
import type { ConnectionFlags } from '../connection.js';
import { askEachEndpoint } from '../each-endpoint.js';
import { Ended, EXIT, usageError } from '../exit-codes.js';
import { bestAnswer, clusterJson, clusterLines } from '../format/cluster.js';
import { standingFault } from '../format/log-standing.js';
import { ownCertificateWarnings } from '../format/own-certificates.js';
import { notHere } from '../not-here.js';
import { SIGN_MS, withClient } from '../open-client.js';
import { addOrderOptions } from '../order-options.js';
import type { OrderFlags } from '../order-options.js';
import type { CommandContext } from '../command-context.js';
import { correctTimeCommand } from './cluster-correct-time.js';
import { healthCommand } from './cluster-health.js';
import { clusterInitCommand } from './cluster-init.js';
import { transferLeadershipCommand } from './cluster-transfer-leadership.js';
import { unlockCommand } from './cluster-unlock.js';
import { watchStatus } from './cluster-watch.js';
import type { WatchFlags } from './cluster-watch.js';

const MEMBERS =
  'This release cannot change the members: a cluster keeps the nodes of its cluster.json';

/** `quorate cluster`: the nodes and their leader. */
export function clusterCommand(context: CommandContext): Command {
  const status = new Command('status')
    .description(
      'Shows the leader, the quorum, and each member by replication: every endpoint is asked what it knows, and the ' +
        'leader, where it is among them, knows most. Ends with status 5 when there is no quorum, or when a node signs ' +
        'nothing because another contradicts its log.',
    )
    .addOption(
      new Option(
        '--watch [time]',
        'go on and tell each change of leader, term, members, level and upkeep, as one node sees it: for so long, or until Ctrl-C',
      ).argParser(durationArgument('--watch')),
    )
    .addOption(
      new Option(
        '--interval <time>',
        'with --watch: the shortest time between two changes, 1s to 60s (default: 2s)',
      ).argParser(durationArgument('--interval')),
    )
    .option('--json', 'print one JSON object; with --watch one for each change');
  addConnectionOptions(status)
    .addHelpText(
      'after',
      `
Examples:
  quorate cluster status
  quorate cluster status --endpoint 127.0.0.1:7400 --json | jq .leader_id
  quorate cluster status --watch 10m`,
    )
    .action(async (flags: WatchFlags) => {
      if (flags.watch !== undefined) return watchStatus(flags, context);
      const answers = await askEachEndpoint(flags, context);
      const cluster = bestAnswer(answers);
      if (cluster === undefined) throw answers[0]?.error ?? usageError('No endpoint is named');
      if (flags.json) context.out(JSON.stringify(clusterJson(cluster, answers)));
      else {
        for (const line of clusterLines(cluster, answers, Date.now())) context.out(line);
        const connection = findConnection(flags, context);
        for (const line of ownCertificateWarnings(connection, Date.now())) context.out(line);
      }
      const stopped = answers.some((answer) => answer.cluster && standingFault(answer.cluster));
      if (stopped || cluster.quorum?.present !== true) throw new Ended(EXIT.unavailable);
    });
  return new Command('cluster')
    .description(
      'Shows the cluster: its nodes and their leader; changes what operators may change of it.',
    )
    .addCommand(status)
    .addCommand(clusterInitCommand(context))
    .addCommand(healthCommand(context))
    .addCommand(requireSignaturesCommand(context))
    .addCommand(raiseLevelCommand(context))
    .addCommand(correctTimeCommand(context))
    .addCommand(transferLeadershipCommand(context))
    .addCommand(unlockCommand(context))
    .addCommand(notHere('add', MEMBERS), { hidden: true })
    .addCommand(notHere('remove', MEMBERS), { hidden: true });
}

type RequireFlags = ConnectionFlags & OrderFlags;

function requireSignaturesCommand(context: CommandContext): Command {
  const command = new Command('require-signatures').description(
    'Ends requests that only a node vouches for: from then on the cluster takes none that its requester did not ' +
      'sign. For good: no command and no node can undo it. Needs a certificate of role operator.',
  );
  return addConnectionOptions(addOrderOptions(command))
    .addHelpText(
      'after',
      `
Every client must sign before this is done; \`quorate\` and the client library do.

Examples:
  quorate cluster require-signatures --yes
  quorate cluster status --json | jq .unsigned_requests`,
    )
    .action(async (flags: RequireFlags) => {
      if (!flags.yes) {
        throw usageError('This cannot be undone: every client must sign from then on. Give --yes');
      }
      const { requestId } = flags;
      const taskId = await withClient(flags, context, SIGN_MS, (client, options) =>
        client.requireSignatures({ requestId }, options),
      );
      if (flags.json) {
        return context.out(JSON.stringify({ task_id: taskId, unsigned_requests: false }));
      }
      context.out('From now on every request must be signed by its requester');
    });
}

type RaiseFlags = ConnectionFlags &
  OrderFlags & {
    readonly level?: number;
    readonly without?: readonly string[];
  };

function raiseLevelCommand(context: CommandContext): Command {
  const command = new Command('raise-level')
    .description(
      'Raises the feature level of the cluster by one, so that what came with it counts: entries, messages, requests. ' +
        'For good: no command and no node can undo it. Every voter must run a build that has the level and have signed ' +
        'that it does, or be left behind by name: a node that is left behind stops until it runs such a build. Needs a ' +
        'certificate of role operator.',
    )
    .option('--level <number>', "the level to come (default: the cluster's, plus one)", levelOf)
    .option('--without <nodes...>', 'voters that are left behind');
  return addConnectionOptions(addOrderOptions(command))
    .addHelpText(
      'after',
      `
Upgrade the nodes first, one after another; \`quorate cluster status\` shows the level of each node's build.

Examples:
  quorate cluster raise-level --yes
  quorate cluster raise-level --level 2 --without node-3 --yes`,
    )
    .action(async (flags: RaiseFlags) => {
      if (!flags.yes) {
        throw usageError(
          'This cannot be undone: older builds cannot take part from then on. Give --yes',
        );
      }
      const { level, without, requestId } = flags;
      const raised = await withClient(flags, context, SIGN_MS, (client, options) =>
        client.raiseLevel({ level, without, requestId }, options),
      );
      if (flags.json) {
        return context.out(JSON.stringify({ task_id: raised.taskId, level: raised.level }));
      }
      context.out(`The cluster is at feature level ${raised.level} from now on`);
    });
}

function levelOf(text: string): number {
  const level = Number(text);
  if (/^[1-9][0-9]{0,4}$/.test(text) && level <= LEVEL_MAX) return level;
  throw usageError(`--level must be a whole number from 1 to ${LEVEL_MAX}`);
}
