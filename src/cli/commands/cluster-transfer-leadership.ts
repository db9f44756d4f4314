import { Command } from 'commander';
import { addConnectionOptions } from '../connection.js';
import type { ConnectionFlags } from '../connection.js';
import { SIGN_MS, withClient } from '../open-client.js';
import type { CommandContext } from '../command-context.js';

type Flags = ConnectionFlags & { readonly to?: string; readonly json?: true };

/** `quorate cluster transfer-leadership`: another node leads, without an election timeout in which nobody does. */
export function transferLeadershipCommand(context: CommandContext): Command {
  const command = new Command('transfer-leadership')
    .description(
      'Has the leader hand leadership to another node, for example before its machine is stopped. Requests wait for some ' +
        'milliseconds meanwhile, and none is lost. Ends when the other node leads; if it is not elected in time, the leader ' +
        'goes on. A node that is stopped by SIGTERM hands over by itself. Needs a certificate of role operator, and ' +
        'feature level 3.',
    )
    .option('--to <node>', 'the node that is to lead (default: the one that has most of the log)')
    .option('--json', 'print one JSON object');
  return addConnectionOptions(command)
    .addHelpText(
      'after',
      `
Examples:
  quorate cluster transfer-leadership
  quorate cluster transfer-leadership --to node-2 --json`,
    )
    .action(async (flags: Flags) => {
      const { from, led } = await withClient(flags, context, SIGN_MS, async (client, options) => {
        const seen = await client.getCluster(options);
        return {
          from: seen.leaderId,
          led: await client.transferLeadership({ to: flags.to, seen }, options),
        };
      });
      const { leaderId, term } = led;
      if (flags.json) {
        const answer = { from_node_id: from, leader_id: leaderId, term: Number(term) };
        return context.out(JSON.stringify(answer));
      }
      context.out(
        from === leaderId
          ? `${leaderId} leads already`
          : `${leaderId} leads now, in place of ${from}`,
      );
    });
}
