import { Command } from 'commander';
import { ClusterError } from '../../common/index.js';
import type { Cluster } from '../../client/index.js';
import { addConnectionOptions } from '../connection.js';
import type { ConnectionFlags } from '../connection.js';
import { askEachEndpoint } from '../each-endpoint.js';
import type { EndpointAnswer } from '../each-endpoint.js';
import { usageError } from '../exit-codes.js';
import { bestAnswer } from '../format/cluster.js';
import { CLOCK_MS, clocksOf } from '../format/members.js';
import { duration } from '../format/values.js';
import { SIGN_MS, withClient } from '../open-client.js';
import { addOrderOptions } from '../order-options.js';
import type { OrderFlags } from '../order-options.js';
import type { CommandContext } from '../command-context.js';

type Flags = ConnectionFlags &
  OrderFlags & {
    readonly time?: number;
    readonly allowRepeats?: true;
  };

/** `quorate cluster correct-time`: the way out when a majority of the clocks was wrong. */
export function correctTimeCommand(context: CommandContext): Command {
  const command = new Command('correct-time')
    .description(
      "Sets the cluster's time back after a majority of the clocks was wrong, so that honest requests are no longer " +
        'refused as expired. From then on it is again what the clocks of a majority show, so set the clocks right first: ' +
        "the command asks every endpoint, and refuses while no majority's clocks agree with the time. Needs a certificate " +
        'of role operator, and feature level 3.',
    )
    .option('--time <time>', "the time to set, RFC 3339 (default: this machine's clock)", timeOf)
    .option(
      '--allow-repeats',
      'go on though requests that were carried out and are forgotten could be carried out once more',
    );
  return addConnectionOptions(addOrderOptions(command))
    .addHelpText(
      'after',
      `
\`quorate cluster status\` warns when the log's time is ahead of the clocks. See "A clock is wrong" in docs/runbook.md.

Examples:
  quorate cluster correct-time --yes
  quorate cluster correct-time --time 2026-11-29T12:00:00Z --yes`,
    )
    .action(async (flags: Flags) => {
      if (!flags.yes) {
        throw usageError(
          "This sets the cluster's time back, and a request that was refused as expired may count again. Give --yes",
        );
      }
      const answers = await askEachEndpoint(flags, context);
      const seen = bestAnswer(answers);
      if (seen === undefined) throw answers[0]?.error ?? usageError('No endpoint is named');
      const timeMs = flags.time ?? Date.now();
      requireClocks(seen, answers, timeMs - Date.now());
      const { allowRepeats, requestId } = flags;
      const input = { timeMs, seen, allowRepeats, requestId };
      const { taskId, backMs } = await withClient(flags, context, SIGN_MS, (client, options) =>
        client.correctTime(input, options),
      );
      const time = new Date(timeMs).toISOString();
      if (flags.json) {
        return context.out(JSON.stringify({ task_id: taskId, time, back_ms: backMs }));
      }
      context.out(`The cluster's time was set back by ${duration(backMs)}, to ${time}`);
    });
}

/**
 * A majority's clocks must show the time, or it goes wrong again at once.
 *
 * @param aheadMs - How far the time to be set is ahead of this machine's clock.
 * @throws ClusterError `wrong-state` CLOCKS_DISAGREE.
 */
function requireClocks(seen: Cluster, answers: readonly EndpointAnswer[], aheadMs: number): void {
  const clocks = clocksOf(answers);
  const right = clocks.filter((each) => Math.abs(each.aheadMs - aheadMs) <= CLOCK_MS + each.tookMs);
  const needed = seen.quorum?.needed ?? Infinity;
  if (new Set(right.map(({ node }) => node)).size >= needed) return;
  const shown = clocks.map(({ node, aheadMs: nodeMs }) => {
    const byMs = nodeMs - aheadMs;
    return `${node} ${duration(Math.abs(byMs))} ${byMs < 0 ? 'behind' : 'ahead'}`;
  });
  const nodes = shown.join(', ') || 'none answered';
  throw new ClusterError(
    'wrong-state',
    `The clocks of no majority show the time that is to be set (${nodes}). Set the clocks right first, and name an ` +
      'endpoint of each node',
    { reason: 'CLOCKS_DISAGREE', facts: { nodes } },
  );
}

/** RFC 3339, with seconds and an offset. */
function timeOf(text: string): number {
  const isWhole = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$/i.test(text);
  const ms = isWhole ? Date.parse(text) : NaN;
  if (Number.isFinite(ms) && ms > 0) return ms;
  throw usageError('--time must be a time like 2026-11-29T12:00:00Z');
}
