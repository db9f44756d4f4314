import type { ClusterId, NodeId } from '../common/index.js';
import { textItem, transcript, u32Item } from '../wire/index.js';

/**
 * The feature level of this build: the highest by which it can judge and write the replicated state. A cluster begins at
 * the level of its genesis, and an operator's request raises it by one. What a build does differently from the one before,
 * in what applying an entry decides or writes, comes with a new level; what came with which level, and what may change
 * from here on, is in `docs/wire.md`.
 */
export const BUILD_LEVEL = 1;

/**
 * What a node signs of its build: T("level", …). The word is good for every level up to the one it names: a build that has
 * a level has all levels below it.
 *
 * @param incarnation - The life of the node's data directory.
 * @param level - The highest level that the node's build has.
 */
export function levelBytes(
  clusterId: ClusterId,
  node: NodeId | string,
  incarnation: number,
  level: number,
): Uint8Array {
  return transcript('level', [
    textItem(clusterId),
    textItem(node),
    u32Item(incarnation),
    u32Item(level),
  ]);
}
