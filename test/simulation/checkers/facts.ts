import type { NodeId } from '../../../src/common/index.js';
import type { Disk } from '../disk.js';
import type { Status } from '../process.js';

/** What a checker may look at besides what it is told: the whole cluster, as nobody in it can see it. */
export interface Facts {
  readonly nodes: readonly NodeId[];
  disk(node: NodeId): Disk;
  /** As the process says right now; `undefined` while none runs. */
  status(node: NodeId): Status | undefined;
  /** What the node's own clock shows. */
  clock(node: NodeId): number;
}

/** Tells that an invariant is broken. */
export type Report = (checker: string, detail: string) => void;

/** One character per byte: short to compare and to keep. */
export function short(hash: Uint8Array): string {
  return Buffer.from(hash.buffer, hash.byteOffset, hash.length).toString('latin1');
}
