import { Command } from 'commander';
import { addConnectionOptions } from '../connection.js';
import type { ConnectionFlags } from '../connection.js';
import { clusterJson, clusterLines } from '../format/cluster.js';
import { notHere } from '../not-here.js';
import { READ_MS, withClient } from '../session.js';
import type { Surroundings } from '../surroundings.js';

type Flags = ConnectionFlags & { readonly json?: true };

const MEMBERS =
  'This release cannot change who is a member: a cluster keeps the nodes of its cluster.json';

/** `quorate cluster`: the nodes and who leads them. */
export function clusterCommand(surroundings: Surroundings): Command {
  const status = new Command('status')
    .description(
      'Shows who leads, who can be reached, and how far the log is, as one node sees it.',
    )
    .option('--json', 'print one JSON object');
  addConnectionOptions(status)
    .addHelpText(
      'after',
      `
Examples:
  quorate cluster status
  quorate cluster status --endpoint 127.0.0.1:7400 --json | jq .leader_id`,
    )
    .action(async (flags: Flags) => {
      const cluster = await withClient(flags, surroundings, READ_MS, (client, options) =>
        client.getCluster(options),
      );
      if (flags.json) return surroundings.out(JSON.stringify(clusterJson(cluster)));
      for (const line of clusterLines(cluster)) surroundings.out(line);
    });
  return new Command('cluster')
    .summary('see the nodes and who leads them')
    .description('Shows the cluster: its nodes and their leader.')
    .addCommand(status)
    .addCommand(notHere('add', MEMBERS), { hidden: true })
    .addCommand(notHere('remove', MEMBERS), { hidden: true })
    .addCommand(
      notHere(
        'transfer-leadership',
        'This release cannot hand over leadership: stop the leader, and the others elect another',
      ),
      { hidden: true },
    );
}
