import type { Cluster } from '../../wire/index.js';

/** The presignatures of a node for a program. */
export function presignaturesOf({ presignaturePools, presignaturesHeld }: Cluster): object {
  return {
    held: presignaturesHeld,
    pools: presignaturePools.map(({ keyId, version, held, wanted }) => ({
      key_id: keyId,
      version,
      held,
      wanted,
    })),
  };
}

/** The presignatures that each node which answered holds for a person, if any node holds some or has a pool to fill. */
export function presignatureWords(answers: readonly Cluster[]): string | undefined {
  const nodes = new Map<string, string>();
  for (const { nodeId, presignaturePools, presignaturesHeld } of answers) {
    const lacking = presignaturePools.filter(({ held, wanted }) => held < wanted).length;
    const more =
      lacking === 0
        ? ''
        : `, ${lacking} ${lacking === 1 ? 'key has' : 'keys have'} fewer than wanted`;
    if (presignaturesHeld > 0 || lacking > 0)
      nodes.set(nodeId, `${presignaturesHeld} on ${nodeId}${more}`);
  }
  return nodes.size === 0 ? undefined : [...nodes.values()].join('; ');
}
