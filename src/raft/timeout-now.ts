import { becomeCandidate } from './candidate.js';
import { alarm, isDiskStalled, leaderOf } from './core.js';
import type { Core } from './core.js';
import type { TimeoutNow } from './messages.js';
import { refuseReads } from './read-index.js';

/**
 * The word of this term's leader that `target` is to lead the next: the target stands, without asking first whether it would be
 * elected; the others let its election pass for as long as it can take.
 */
export function onTimeoutNow(core: Core, message: TimeoutNow): void {
  const { from, target, lastIndex, lastTerm } = message;
  if (core.role.type === 'leader') {
    alarm(core, 'Another node leads in our term', message);
    return;
  }
  // Of no other node, and not of a leader that this node has not heard in this term yet.
  if (leaderOf(core) !== from || !core.peers.includes(from)) return;
  if (target !== core.id) {
    if (core.peers.includes(target) && target !== from)
      core.released = { term: core.term, target, tick: core.ticks };
    return;
  }
  // Such a node would lose, or lead with a disk that it waits for or that has no room for anything new.
  if (core.log.termAt(lastIndex) !== lastTerm || isDiskStalled(core)) return;
  if (core.room !== 'enough') return;
  refuseReads(core);
  becomeCandidate(core);
}
