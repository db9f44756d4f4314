import type { Budgets } from '../common/index.js';
import { isLeaderAlive } from './candidate.js';
import { alarm, leaderOf } from './core.js';
import type { Core, LeaderRole } from './core.js';
import { becomeFollower } from './follower.js';
import { TERM_JUMP_MAX } from './limits.js';
import type { AppendReply, Message } from './messages.js';
import { isReleased } from './transfer.js';

/*
 * Raft §5.1 lets any message move a term. With PreVote an honest node enters a later term only after a majority heard no
 * leader, so that a node which hears one needs no other's word on terms; see docs/decisions/0026-which-messages-move-a-term.md.
 */

/** Whether a message of a later term may move the own term, before its sender's rate is looked at. */
const MAY_MOVE: {
  readonly [T in Message['type']]: (
    core: Core,
    message: Extract<Message, { readonly type: T }>,
  ) => boolean;
} = {
  // Over a leader that is heard only where that leader itself has said so.
  'vote-request': (core, request) => !isLeaderAlive(core) || isReleased(core, request),
  // The node asked for it, and no leader is heard.
  'vote-reply': ({ role }) => role.type === 'precandidate' || role.type === 'candidate',
  append: (core, append) =>
    !isLeaderAlive(core) || leaderOf(core) === append.from || isReleased(core, append),
  'append-reply': (core, reply) => core.role.type === 'leader' && mayDepose(core, core.role, reply),
  // They are about the log and say nothing of elections.
  acknowledgement: () => false,
  'read-request': () => false,
  'read-reply': () => false,
  'time-request': () => false,
  'time-reply': () => false,
  'timeout-now': () => false,
};

/**
 * Enters the later term of this message, if its kind may move the term now and its sender has not moved it too often. A
 * term that is too far ahead is approached by {@link TERM_JUMP_MAX}, so that a node which was away for long gets there.
 *
 * @returns Whether this node is in the message's term now.
 */
export function enterLaterTerm(core: Core, message: Message): boolean {
  if (!mayMove(core, message) || !takes(core.termMoves, core, message)) return false;
  const term = Math.min(message.term, core.term + TERM_JUMP_MAX);
  const isReached = term === message.term;
  if (!isReached) alarm(core, 'A term is too far ahead', message);
  becomeFollower(core, term, isReached && message.type === 'append' ? message.from : undefined);
  return isReached;
}

function mayMove<T extends Message['type']>(
  core: Core,
  message: Extract<Message, { readonly type: T }>,
): boolean {
  return MAY_MOVE[message.type](core, message);
}

/**
 * A follower that stood in vain, because the others heard their leader again, is in a later term and cannot take appends
 * of this one. Its leader gives way, but not at a single answer, and not often: any member can claim a later term.
 */
function mayDepose(core: Core, role: LeaderRole, reply: AppendReply): boolean {
  const progress = role.progress.get(reply.from);
  if (progress === undefined) return false;
  progress.laterTermTick ??= role.ticks;
  // A leader that needs this follower for its majority has stepped down before.
  if (role.ticks - progress.laterTermTick < 2 * core.timing.electionTicksMax) return false;
  if (takes(core.depositions, core, reply)) return true;
  alarm(core, 'A follower stays in a later term than its leader', reply);
  return false;
}

function takes(budgets: Budgets, core: Core, { from }: Message): boolean {
  return budgets.take(from, 1, core.ticks * core.timing.tickMs);
}
