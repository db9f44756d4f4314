import {
  isDiskStalled,
  enterTerm,
  leaderOf,
  restartElectionTimer,
  sendNow,
  sendPromise,
} from './core.js';
import type { Core } from './core.js';
import { becomeFollower } from './follower.js';
import { becomeLeader } from './leader.js';
import type { VoteReply, VoteRequest } from './messages.js';
import { outcome } from './quorum.js';
import { refuseReads } from './read-index.js';
import { ticksToElection } from './room.js';

/**
 * Counts towards the election timeout, and asks for pre-votes when it is over (Raft §5.2, §9.6).
 *
 * @param suspect - The node has just been stalled: a leader's messages may be waiting unread, so it does not stand yet.
 */
export function tickElection(core: Core, ticks: number, suspect: boolean): void {
  core.electionElapsedTicks += ticks;
  if (ticksToElection(core) > 0 || suspect) return;
  // A node that cannot save its vote cannot be elected.
  if (isDiskStalled(core)) restartElectionTimer(core);
  else becomePrecandidate(core);
}

/** Asks whether it would be elected, so that a node that was cut off cannot raise the term of all nodes (Raft §9.6). */
export function becomePrecandidate(core: Core): void {
  refuseReads(core);
  core.role = { type: 'precandidate', ballot: new Map([[core.id, true]]) };
  restartElectionTimer(core);
  if (outcome(core.role.ballot, core.voters.length) === 'won') becomeCandidate(core);
  else askForVotes(core, true);
}

/** Stands for election in the next term, with its own vote (Raft §5.2). */
export function becomeCandidate(core: Core): void {
  enterTerm(core, core.term + 1, core.id);
  core.role = { type: 'candidate', ballot: new Map([[core.id, true]]) };
  restartElectionTimer(core);
  if (outcome(core.role.ballot, core.voters.length) === 'won') becomeLeader(core);
  else askForVotes(core, false);
}

function askForVotes(core: Core, pre: boolean): void {
  const { id: from, log } = core;
  const { index: lastIndex, term: lastTerm } = log.last;
  for (const to of core.peers) {
    const term = pre ? core.term + 1 : core.term;
    const request: VoteRequest = { type: 'vote-request', from, to, term, pre, lastIndex, lastTerm };
    if (pre) sendNow(core, request);
    else sendPromise(core, request, 0);
  }
}

/** At most one vote for each term, and only for a log as complete as ours (Raft §5.2, §5.4.1). */
export function onVoteRequest(core: Core, request: VoteRequest): void {
  const isUpToDate = core.log.isUpToDate(request.lastIndex, request.lastTerm);
  const isFree =
    core.votedFor === request.from || (core.votedFor === undefined && leaderOf(core) === undefined);
  if (request.pre) {
    answerVote(core, request, request.term > core.term && isUpToDate);
    return;
  }
  const granted = request.term === core.term && isFree && isUpToDate;
  if (granted) {
    if (core.votedFor === undefined) core.hardState = 'unsaved';
    core.votedFor = request.from;
    core.electionElapsedTicks = 0;
  }
  answerVote(core, request, granted);
}

function answerVote(core: Core, request: VoteRequest, granted: boolean): void {
  const { id: from, now: clockMs } = core;
  const { from: to, pre } = request;
  const term = pre && granted ? request.term : core.term;
  const reply: VoteReply = { type: 'vote-reply', from, to, term, pre, granted, clockMs };
  if (pre && granted) sendNow(core, reply);
  else sendPromise(core, reply, 0);
}

/** Counts an answer to the election under way; any other is late. */
export function onVoteReply(core: Core, reply: VoteReply): void {
  core.clocks.record(reply.from, reply.clockMs, core.now);
  const { role } = core;
  if (role.type !== (reply.pre ? 'precandidate' : 'candidate')) return;
  const electing = reply.pre && reply.granted ? core.term + 1 : core.term;
  if (reply.term !== electing) return;

  if (!role.ballot.has(reply.from)) role.ballot.set(reply.from, reply.granted);
  const result = outcome(role.ballot, core.voters.length);
  if (result === 'lost') becomeFollower(core, core.term, undefined);
  else if (result === 'won' && role.type === 'precandidate') becomeCandidate(core);
  else if (result === 'won') becomeLeader(core);
}

/** Whether a leader was heard so lately that an election would only disturb it (Raft §6, end). */
export function isLeaderAlive(core: Core): boolean {
  if (core.role.type === 'leader') return true;
  return leaderOf(core) !== undefined && core.electionElapsedTicks < core.timing.electionTicksMin;
}
