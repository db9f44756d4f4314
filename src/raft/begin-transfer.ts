import type { NodeId } from '../common/index.js';
import type { Core, LeaderRole } from './core.js';
import { isReachable } from './leader.js';
import { LEADERSHIP_TRANSFER_LEVEL } from './limits.js';

/** Why leadership is not handed over. */
export type TransferRefusal =
  | 'not-leader'
  /** The state's level is below {@link LEADERSHIP_TRANSFER_LEVEL}. */
  | 'level'
  | 'not-a-voter'
  /** The target has not answered within an election timeout, or no other voter has. */
  | 'unreachable'
  /** The target lacks too much of the log, or did not get it in time. */
  | 'behind'
  /** Leadership is being handed over to another voter. */
  | 'under-way'
  /** The target was told to stand, and was not elected in time. */
  | 'not-elected';

/**
 * Begins to hand leadership over. To the same target again, or to itself, is no fault and changes nothing.
 *
 * @param target - `undefined`: the voter that has most of the log, among those that answer.
 */
export function beginTransfer(core: Core, target?: NodeId): TransferRefusal | undefined {
  const { role } = core;
  if (role.type !== 'leader') return 'not-leader';
  if (target === core.id) return undefined;
  if (core.agreed.level < LEADERSHIP_TRANSFER_LEVEL) return 'level';
  if (target !== undefined && !core.peers.includes(target)) return 'not-a-voter';
  if (role.transfer !== undefined)
    return target === undefined || role.transfer.target === target ? undefined : 'under-way';
  const chosen = target ?? nearest(core, role);
  if (chosen === undefined || !isReachable(core, role, chosen)) return 'unreachable';
  if (!isNear(core, role, chosen)) return 'behind';
  role.transfer = { target: chosen, sinceTick: role.ticks, toldTick: undefined, sentTick: 0 };
  role.transferFailed = undefined;
  return undefined;
}

/** Of those that answer and follow the log closely, the voter that has most of it. */
function nearest(core: Core, role: LeaderRole): NodeId | undefined {
  const reachable = core.peers.filter((peer) => isReachable(core, role, peer));
  const near = reachable.filter((peer) => isNear(core, role, peer));
  const matchOf = (peer: NodeId): number => role.progress.get(peer)?.match ?? 0;
  return (near.length > 0 ? near : reachable).toSorted((a, b) => matchOf(b) - matchOf(a))[0];
}

/** Whether what the peer lacks is so little that it will soon have it. */
function isNear(core: Core, role: LeaderRole, peer: NodeId): boolean {
  const progress = role.progress.get(peer);
  return (
    progress?.state === 'replicate' &&
    core.log.last.index - progress.match <= core.limits.appendEntriesMax
  );
}
