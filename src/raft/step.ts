import { unreachable } from '../common/index.js';
import { onAcknowledgement } from './acknowledge.js';
import { isLeaderAlive, onVoteReply, onVoteRequest } from './candidate.js';
import { sendNow } from './core.js';
import type { Core } from './core.js';
import { onAppend, refuseStaleAppend } from './follower.js';
import { enterLaterTerm } from './later-term.js';
import { onAppendReply } from './leader.js';
import { onTimeReply, onTimeRequest } from './log-time.js';
import type { Message } from './messages.js';
import { onReadReply, onReadRequest } from './read-index.js';
import { onTimeoutNow } from './timeout-now.js';

/** Takes one message. Only voters are obeyed. */
export function step(core: Core, message: Message): void {
  if (message.to !== core.id || !core.peers.includes(message.from)) return;
  core.heardTicks.set(message.from, core.ticks);
  if (core.withheld) return;
  if (meetTerm(core, message)) dispatch(core, message);
}

/** Raft §5.1: a later term is entered where it may be, an earlier one is stale. Says whether the message is of interest. */
function meetTerm(core: Core, message: Message): boolean {
  // Of a later term it waits, and of an earlier one nothing depends on it.
  if (message.type === 'acknowledgement') return message.term >= core.term;
  // No node has entered the term of a pre-vote yet (§9.6).
  if (message.type === 'vote-request' && message.pre) {
    return message.term <= core.term || !isLeaderAlive(core);
  }
  if (message.type === 'vote-reply' && message.pre && message.granted) return true;
  if (message.term > core.term) return enterLaterTerm(core, message);
  if (message.term === core.term) return true;
  answerStale(core, message);
  return false;
}

/** A node that still is in an earlier term learns of ours where it waits for an answer; the rest is a late copy. */
function answerStale(core: Core, message: Message): void {
  if (message.type === 'append') refuseStaleAppend(core, message);
  else if (message.type === 'vote-request') onVoteRequest(core, message);
  else if (message.type === 'read-request') {
    const { id: from, term } = core;
    const { from: to, readId } = message;
    sendNow(core, { type: 'read-reply', from, to, term, readId, index: undefined });
  }
}

function dispatch(core: Core, message: Message): void {
  switch (message.type) {
    case 'vote-request':
      return onVoteRequest(core, message);
    case 'vote-reply':
      return onVoteReply(core, message);
    case 'append':
      return onAppend(core, message);
    case 'append-reply':
      return core.role.type === 'leader' ? onAppendReply(core, core.role, message) : undefined;
    case 'acknowledgement':
      return onAcknowledgement(core, message);
    case 'read-request':
      return onReadRequest(core, message);
    case 'read-reply':
      return onReadReply(core, message);
    case 'time-request':
      return onTimeRequest(core, message);
    case 'time-reply':
      return onTimeReply(core, message);
    case 'timeout-now':
      return onTimeoutNow(core, message);
    default:
      return unreachable(message);
  }
}
