import { sendNow } from './core.js';
import type { Core, LeaderRole } from './core.js';
import type { Message } from './messages.js';

/*
 * Leadership transfer (dissertation §3.10): the leader takes no more proposals, waits until the target has its whole log, and
 * tells it to stand at once. What lets the target's election pass is the leader's own word to each voter, never a word of the
 * candidate: see docs/decisions/0057-who-may-be-elected-over-a-living-leader.md.
 */

/** Tells the target to stand as soon as it has the whole log. To be called late, so that it goes behind the last entries. */
export function advanceTransfer(core: Core, role: LeaderRole): void {
  const { transfer } = role;
  if (transfer === undefined) return;
  if (role.progress.get(transfer.target)?.match !== core.log.last.index) return;
  if (transfer.toldTick === undefined) transfer.toldTick = role.ticks;
  else if (role.ticks - transfer.sentTick < core.timing.heartbeatTicks) return;
  transfer.sentTick = role.ticks;
  const { id: from, term } = core;
  const { index: lastIndex, term: lastTerm } = core.log.last;
  // To the target last: the others are to know of it before it asks for their votes.
  const others = core.peers.filter((peer) => peer !== transfer.target);
  for (const to of [...others, transfer.target]) {
    sendNow(core, {
      type: 'timeout-now',
      from,
      to,
      term,
      target: transfer.target,
      lastIndex,
      lastTerm,
    });
  }
}

/**
 * Gives a transfer up that takes too long, and takes proposals again: half of the longest election timeout for the target to get
 * the log, and the rest for its election.
 */
export function tickTransfer(core: Core, role: LeaderRole): void {
  const { transfer } = role;
  if (transfer === undefined) return;
  const { electionTicksMax } = core.timing;
  const isTold = transfer.toldTick !== undefined;
  const ticks = role.ticks - transfer.sinceTick;
  if (ticks < (isTold ? electionTicksMax : Math.floor(electionTicksMax / 2))) return;
  role.transfer = undefined;
  role.transferFailed = isTold ? 'not-elected' : 'behind';
}

/** Whether this term's leader has said lately that the sender is to lead the next one, which is the message's. */
export function isReleased(core: Core, { from, term }: Pick<Message, 'from' | 'term'>): boolean {
  if (term !== core.term + 1) return false;
  if (core.role.type === 'leader') {
    const { transfer } = core.role;
    return transfer?.toldTick !== undefined && transfer.target === from;
  }
  const { released } = core;
  return (
    released !== undefined &&
    released.term === core.term &&
    released.target === from &&
    core.ticks - released.tick < core.timing.electionTicksMin
  );
}
