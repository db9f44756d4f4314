import { Command } from 'commander';
import type { CommandContext } from '../command-context.js';
import { addConnectionOptions } from '../connection.js';
import type { ConnectionFlags } from '../connection.js';
import { askEachEndpoint, problemOf } from '../each-endpoint.js';
import type { EndpointAnswer } from '../each-endpoint.js';
import { Ended, EXIT } from '../exit-codes.js';
import { standingFault } from '../format/log-standing.js';
import { partWords, quorumFault } from '../format/members.js';
import { table } from '../format/table.js';
import { duration } from '../format/values.js';

/** `quorate cluster health`: whether each endpoint can be used now, for scripts and probes. */
export function healthCommand(context: CommandContext): Command {
  const command = new Command('health')
    .description(
      'Asks every endpoint whether it can be used: it hears a leader that a majority hears, and has applied an entry of ' +
        "that leader's term, and no other voter contradicts its log unless a majority confirms it. Ends with status 5 if " +
        'one cannot.',
    )
    .option('--json', 'print one JSON object');
  return addConnectionOptions(command)
    .addHelpText(
      'after',
      `
Examples:
  quorate cluster health
  quorate cluster health --endpoint 127.0.0.1:7400 --timeout 1s`,
    )
    .action(async (flags: ConnectionFlags & { readonly json?: true }) => {
      const answers = await askEachEndpoint(flags, context);
      if (flags.json) context.out(JSON.stringify({ endpoints: answers.map(healthJson) }));
      else
        for (const line of table(
          ['ENDPOINT', 'NODE', 'HEALTH', 'TOOK', 'WHY'],
          answers.map((answer) => [
            answer.endpoint,
            answer.cluster?.nodeId,
            isHealthy(answer) ? 'healthy' : 'unhealthy',
            duration(answer.tookMs),
            whyOf(answer),
          ]),
        ))
          context.out(line);
      if (!answers.every(isHealthy)) throw new Ended(EXIT.unavailable);
    });
}

function isHealthy({ cluster }: EndpointAnswer): boolean {
  if (cluster?.quorum?.present !== true || !cluster.caughtUp) return false;
  return standingFault(cluster) === undefined;
}

function whyOf(answer: EndpointAnswer): string {
  const { cluster } = answer;
  if (cluster === undefined) return problemOf(answer);
  const part = partWords(cluster);
  if (part !== undefined) return `it ${part}`;
  const stopped = standingFault(cluster);
  if (stopped !== undefined) return `its log ${stopped}`;
  const fault = quorumFault(cluster, 'it');
  if (fault !== undefined) return fault;
  if (!cluster.caughtUp) return 'it catches up';
  return cluster.nodeId === cluster.leaderId ? 'leads' : `follows ${cluster.leaderId}`;
}

function healthJson(answer: EndpointAnswer): object {
  return {
    endpoint: answer.endpoint,
    node_id: answer.cluster?.nodeId,
    healthy: isHealthy(answer),
    took_ms: Math.round(answer.tookMs),
    why: whyOf(answer),
  };
}
