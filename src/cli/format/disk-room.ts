import { DiskRoom } from '../../wire/index.js';
import type { Cluster } from '../../wire/index.js';
import { nameOf } from './values.js';

const MIB = 1024 * 1024;

/** The room on the answering node's disk, for programs. */
export function diskOf({ diskRoom, diskFreeBytes }: Cluster): object {
  return { room: nameOf(DiskRoom, diskRoom), free_bytes: Number(diskFreeBytes) };
}

/** The nodes whose disks are low on room, of those that answered, with what such a node does not do; nothing where all have enough. */
export function diskWords(answers: readonly Cluster[]): string | undefined {
  const nodes = new Map<string, string>();
  for (const { nodeId, diskRoom, diskFreeBytes } of answers) {
    const free = `${Number(diskFreeBytes / BigInt(MIB))} MiB are free`;
    if (diskRoom === DiskRoom.LOW)
      nodes.set(nodeId, `${nodeId} is low on room, ${free}: it takes no new requests as leader`);
    if (diskRoom === DiskRoom.NONE)
      nodes.set(nodeId, `${nodeId} has no room, ${free}: it takes no entries until there is some`);
  }
  return nodes.size === 0 ? undefined : [...nodes.values()].join('; ');
}
