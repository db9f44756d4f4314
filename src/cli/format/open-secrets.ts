import type { Cluster } from '../../wire/index.js';

/** The open secrets of an answer, for programs. */
export function secretsOf({ openSecrets }: Cluster): object | undefined {
  return (
    openSecrets && {
      count: openSecrets.count,
      bytes: Number(openSecrets.bytes),
      hits: Number(openSecrets.hits),
      misses: Number(openSecrets.misses),
    }
  );
}

/** How many secrets each node that answered has open, and how often one that was needed was. */
export function secretWords(answers: readonly Cluster[]): string | undefined {
  const nodes = new Map<string, string>();
  for (const { nodeId, openSecrets } of answers) {
    const { count = 0, hits = 0n, misses = 0n } = openSecrets ?? {};
    const needed = Number(hits + misses);
    if (needed === 0) continue;
    const rate = ((100 * Number(hits)) / needed).toFixed(1);
    nodes.set(nodeId, `${count} on ${nodeId}, found open ${rate} % of ${needed} times`);
  }
  return nodes.size === 0 ? undefined : [...nodes.values()].join('; ');
}
