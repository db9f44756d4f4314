import type { LogIndex, Millis, NodeId } from '../common/index.js';
import { acknowledgedBy } from './commit.js';
import { leaderOf } from './core.js';
import type { Core } from './core.js';
import { ACKNOWLEDGED_WITHIN_MS, LEADER_AWAITED_MS } from './limits.js';
import type { Message } from './messages.js';
import { majorityOf } from './quorum.js';

/** How long a message may wait for others that leave for its receiver. */
export type Patience = {
  readonly firstMs: Millis;
  /** When that is over: how much longer, by what is known then. */
  readonly thenMs: () => Millis;
  /** Whether it is still to be said when it leaves: in a later term the log need not have the entry any more. */
  readonly isStillDue: () => boolean;
};

const NONE: Patience = { firstMs: 0, thenMs: () => 0, isStillDue: () => true };

/*
 * A follower's acknowledgement waits where its receiver sees the commit without it: by its own write, by the leader's
 * acknowledgement, which never waits, and by those of followers that have come here, which were made before. So of the
 * followers that acknowledge an entry the first ones, as many as make a majority with receiver and leader, have heard of too
 * few before them and do not wait: each voter sees a commit as soon as if none waited. The leader begins to write before its
 * followers do, and they count on its word for a moment before it has come: where its disk hangs, theirs go after that.
 */
export function patience(core: Core, message: Message): Patience {
  const leader = leaderOf(core);
  if (message.type !== 'acknowledgement' || leader === undefined || leader === core.id) return NONE;
  const { to, index } = message;
  if (!seesCommitWithout(core, leader, to, index)) return NONE;
  const longMs = (): Millis =>
    leader === to || acknowledgedBy(core, leader) >= index ? ACKNOWLEDGED_WITHIN_MS : 0;
  const isStillDue = (): boolean => message.term === core.term && !core.withheld;
  return longMs() > 0
    ? { firstMs: ACKNOWLEDGED_WITHIN_MS, thenMs: () => 0, isStillDue }
    : { firstMs: LEADER_AWAITED_MS, thenMs: longMs, isStillDue };
}

/** Whether `voter` sees that `index` is committed without a word of this follower, once the leader has acknowledged it. */
function seesCommitWithout(core: Core, leader: NodeId, voter: NodeId, index: LogIndex): boolean {
  const others = core.peers.filter(
    (peer) => peer !== voter && (peer === leader || acknowledgedBy(core, peer) >= index),
  );
  return others.length + 1 >= majorityOf(core.voters.length);
}
