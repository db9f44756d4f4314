import { beginTransfer } from './begin-transfer.js';
import type { Core } from './core.js';
import { ROOM_TRANSFER_EVERY_MS } from './limits.js';

/**
 * A leader that is low on room hands leadership over: it tries its peers one after the other, and all of them again after a while. A
 * target that is low itself does not stand, and then leadership stays.
 */
export function tickRoom(core: Core): void {
  const { role, room, timing, peers } = core;
  if (role.type !== 'leader' || room === 'enough' || role.transfer !== undefined) return;
  const everyTicks = ROOM_TRANSFER_EVERY_MS / timing.tickMs;
  if (role.roomTick !== undefined && role.ticks - role.roomTick < everyTicks) return;
  for (const peer of peers.slice(role.roomTried)) {
    role.roomTried += 1;
    if (beginTransfer(core, peer) === undefined) return;
  }
  role.roomTried = 0;
  role.roomTick = role.ticks;
}
