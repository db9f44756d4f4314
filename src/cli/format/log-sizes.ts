import type { Cluster } from '../../wire/index.js';

const MIB = 1024 * 1024;

/** How long the log of an answering node is, for programs; nothing of a node whose build does not say it. */
export function logOf({ logSizes }: Cluster): object | undefined {
  return (
    logSizes && {
      front_index: Number(logSizes.frontIndex),
      last_index: Number(logSizes.lastIndex),
      bytes: Number(logSizes.bytes),
      memory_bytes: Number(logSizes.memoryBytes),
      checkpoint_index: Number(logSizes.checkpointIndex),
      checkpoint_bytes: Number(logSizes.checkpointBytes),
      bytes_since_checkpoint: Number(logSizes.bytesSinceCheckpoint),
      checkpoint_due_bytes: Number(logSizes.checkpointDueBytes),
    }
  );
}

/** The same of each node that answered, for a person. */
export function logWords(answers: readonly Cluster[]): string | undefined {
  const nodes = new Map<string, string>();
  for (const { nodeId, logSizes } of answers) {
    if (logSizes === undefined) continue;
    const { frontIndex, lastIndex, bytes, checkpointIndex, checkpointBytes } = logSizes;
    const entries = `${lastIndex - frontIndex} entries, ${mib(bytes)} MiB on ${nodeId}`;
    const state = `, state of entry ${checkpointIndex} kept, ${mib(checkpointBytes)} MiB`;
    nodes.set(nodeId, checkpointIndex === 0n ? entries : entries + state);
  }
  return nodes.size === 0 ? undefined : [...nodes.values()].join('; ');
}

function mib(bytes: bigint): string {
  return (Number(bytes) / MIB).toFixed(1);
}
