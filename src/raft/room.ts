import type { Core } from './core.js';
import { ROOM_REFUSALS_LEVEL } from './limits.js';
import { majorityOf } from './quorum.js';

/*
 * A disk that fills stops nothing that can still be undone. A node that is low on room takes nothing new and gives leadership
 * away; one that has none takes no entries, and keeps what is left for votes and terms. Nothing that is not durable is ever
 * acknowledged. See docs/decisions/0029-a-full-disk-stops-nothing.md.
 */

/** Whether entries that a leader sends are refused for now. Before the level at which leaders know that answer, they are taken. */
export function hasNoRoom({ room, agreed }: Core): boolean {
  return room === 'none' && agreed.level >= ROOM_REFUSALS_LEVEL;
}

/** Whether something new may be proposed: there is room for it here, and at a majority of the voters as far as is known. */
export function hasRoomForNew({ room, role, voters }: Core): boolean {
  if (room !== 'enough') return false;
  if (role.type !== 'leader') return true;
  const full = [...role.progress.values()].filter(({ refusedForRoom }) => refusedForRoom);
  return voters.length - full.length >= majorityOf(voters.length);
}

/** Ticks until this node stands for election. Where it is low on room it lets the others stand first. */
export function ticksToElection(core: Core): number {
  const { electionTimeoutTicks, electionElapsedTicks, room, timing } = core;
  const patience = room === 'enough' ? 0 : timing.electionTicksMax;
  return electionTimeoutTicks + patience - electionElapsedTicks;
}
