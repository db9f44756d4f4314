import type { ClusterChange } from '../../client/index.js';
import type { CommandContext } from '../command-context.js';
import { findConnection } from '../connection.js';
import type { ConnectionFlags } from '../connection.js';
import { changeWords, upkeepWords } from '../format/cluster-change.js';
import { clusterJson, clusterLines } from '../format/cluster.js';
import { openClient } from '../open-client.js';

export type WatchFlags = ConnectionFlags & {
  readonly json?: true;
  /** For how long, in ms; `true` for no end. */
  readonly watch?: number | true;
  readonly interval?: number;
};

/** Shows the cluster as one node sees it, and then each change, until the time is over. */
export async function watchStatus(flags: WatchFlags, context: CommandContext): Promise<void> {
  const client = openClient(findConnection(flags, context));
  const over = typeof flags.watch === 'number' ? AbortSignal.timeout(flags.watch) : undefined;
  const options = { intervalMs: flags.interval, resumeMs: flags.timeout, signal: over };
  let before: ClusterChange | undefined;
  try {
    for await (const change of client.watchCluster(options)) {
      tell(before, change, flags, context);
      before = change;
    }
  } catch (error) {
    // The end of the time is no failure, once there was something to see.
    if (over?.aborted !== true || before === undefined) throw error;
  } finally {
    client.close();
  }
}

function tell(
  before: ClusterChange | undefined,
  change: ClusterChange,
  { json }: WatchFlags,
  context: CommandContext,
): void {
  const time = new Date().toISOString();
  if (json) {
    const { cluster, upkeep } = change;
    context.out(JSON.stringify({ time, ...clusterJson(cluster), upkeep }));
    return;
  }
  if (before === undefined) {
    for (const line of clusterLines(change.cluster)) context.out(line);
    const upkeep = upkeepWords(change);
    if (upkeep !== undefined) context.out(`keys ${upkeep}`);
    context.out('');
    return;
  }
  for (const words of changeWords(before, change)) context.out(`${time}  ${words}`);
}
