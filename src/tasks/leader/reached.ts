import { nodeId } from '../../common/index.js';
import type { NodeId } from '../../common/index.js';
import type { KeyParticipant } from '../../wire/index.js';
import type { Connections } from '../connections.js';
import type { TaskContext } from '../context.js';
import { UNHEARD_MS } from '../limits.js';

type ReachParts = {
  readonly connections: Connections;
  readonly context: Pick<TaskContext, 'consensus'>;
};

/** A stream that is open carries messages one way: whether the node answers is known from consensus alone. */
export function isReached({ connections, context }: ReachParts, node: NodeId): boolean {
  return connections.has(node) && (context.consensus.heardAgoMs(node) ?? 0) < UNHEARD_MS;
}

/** The participants that answer their leader, in their order. */
export function reachedOf(
  parts: ReachParts,
  participants: readonly KeyParticipant[],
): readonly NodeId[] {
  return participants.map((each) => nodeId(each.nodeId)).filter((node) => isReached(parts, node));
}
