import { equal } from '../common/index.js';
import type { AlarmKind } from '../alarms/index.js';
import type { LogIndex, NodeId, Term } from '../common/index.js';
import type { Entry } from '../ports/index.js';
import { isChain } from './chain.js';
import { advanceCommit, commitUpTo } from './commit.js';
import { alarm, enterTerm, leaderOf, restartElectionTimer, sendPromise } from './core.js';
import type { Core } from './core.js';
import { appliedByMajority, askForTime, clockInLog } from './log-time.js';
import type { Append, AppendAnswer } from './messages.js';
import { refuseReads } from './read-index.js';
import { hasNoRoom } from './room.js';
import { isTimely } from './time.js';

/** Follows `leader` in `term`, or no leader yet. The vote is forgotten with the term, and only with it. */
export function becomeFollower(core: Core, term: Term, leader: NodeId | undefined): void {
  if (leader === undefined || leader !== leaderOf(core)) refuseReads(core);
  if (term > core.term) enterTerm(core, term, undefined);
  // A peer that only moves the term must not keep this node from standing (Raft §5.2: an append or a granted vote does).
  const isWaiting = core.role.type === 'follower' && leader === undefined;
  core.role = { type: 'follower', leader };
  if (!isWaiting) restartElectionTimer(core);
}

/** An append of this term's leader: Raft §5.3, with the chain of hashes and the rule of time. */
export function onAppend(core: Core, append: Append): void {
  if (core.role.type === 'leader') {
    alarm(core, 'Another node leads in our term', append);
    return;
  }
  if (leaderOf(core) === undefined) becomeFollower(core, core.term, append.from);
  if (leaderOf(core) !== append.from) {
    alarm(core, 'A second node leads in one term', append);
    return;
  }
  core.electionElapsedTicks = 0;

  const answer = takeAppend(core, append);
  if (answer === undefined) return;
  if (answer.refused !== 'conflict') {
    // Only up to what this append has shown to be equal: our log may go on with entries that the leader does not have.
    core.matched = Math.max(core.matched, answer.match);
    commitUpTo(core, Math.min(append.commit, answer.match));
    // The other voters may have acknowledged these entries before they came.
    advanceCommit(core);
  }
  if (!saysNothingNew(core, append, answer)) reply(core, append, answer);
}

/**
 * Whether the leader has lately had this answer, and waits for no other: an idle leader is not woken up for it again. One that has
 * committed nothing in its term may still ask where the logs agree.
 */
function saysNothingNew(
  { answered, log, term, ticks, timing }: Core,
  { entries, commit, round }: Append,
  answer: AppendAnswer,
): boolean {
  return (
    answered !== undefined &&
    answer.refused === undefined &&
    entries.length === 0 &&
    commit >= answer.match &&
    log.termAt(answer.match) === term &&
    answer.match === answered.match &&
    round === answered.round &&
    ticks - answered.tick < timing.answerTicks
  );
}

/** Answers an append of an earlier term, so that its sender learns that it is deposed (Raft §5.1). */
export function refuseStaleAppend(core: Core, append: Append): void {
  const { prevIndex } = append;
  reply(core, append, { refused: 'conflict', prevIndex, hintIndex: 0, hintTerm: 0 });
}

function reply(core: Core, append: Append, answer: AppendAnswer): void {
  const { id: from, term, now: clockMs } = core;
  const { from: to, round } = append;
  const promised = answer.refused === 'conflict' ? 0 : answer.match;
  core.answered =
    answer.refused === undefined ? { match: answer.match, round, tick: core.ticks } : undefined;
  sendPromise(core, { type: 'append-reply', from, to, term, round, clockMs, answer }, promised);
}

/** Changes the log as the append says. No answer: it contradicts what can not change, and is refused with an alarm. */
function takeAppend(core: Core, append: Append): AppendAnswer | undefined {
  const { log } = core;
  const { prevIndex, prevTerm, prevHash } = append;
  // A late copy: no leader has to ask about what this node has known to be committed for so long.
  if (log.hasForgotten(prevIndex)) return undefined;
  if (log.termAt(prevIndex) !== prevTerm) {
    const settled = settledBy(core, prevIndex);
    if (settled === undefined) return conflict(core, append);
    alarm(core, settled, append);
    return undefined;
  }
  if (!equal(log.hashAt(prevIndex) ?? prevHash, prevHash)) {
    alarm(core, 'An append shows another hash for an entry of our log', append);
    return undefined;
  }

  const known = countKnown(core, append);
  if (known === undefined) return undefined;
  const fresh = append.entries.slice(known);
  if (!isChain(append.entries[known - 1]?.hash ?? prevHash, fresh)) {
    alarm(core, 'An append breaks the chain of hashes', append);
    return undefined;
  }
  const lastKnown = prevIndex + known;
  if (fresh.length > 0 && hasNoRoom(core)) return { refused: 'room', match: lastKnown };
  const timely = countTimely(core, log.linkAt(lastKnown)?.timeMs ?? 0, fresh);
  const refused = fresh[timely];
  if (refused !== undefined && refused.timeMs > clockInLog(core)) askForTime(core);
  // Entries that differ from the leader's are removed only when others take their place: a late append that is shorter
  // than our log says nothing about what comes after it.
  if (timely > 0 && lastKnown < log.last.index) log.truncate(lastKnown + 1);
  for (const entry of fresh.slice(0, timely)) log.append(entry);
  return { refused: timely < fresh.length ? 'time' : undefined, match: lastKnown + timely };
}

/** The alarm for an append that has another entry at `index`, if nothing can take the place of ours. */
function settledBy(core: Core, index: LogIndex): AlarmKind | undefined {
  if (index <= core.commit) return 'An append contradicts a committed entry';
  // The other voters count on what was acknowledged in this term, whose leader has one log.
  return index <= core.matched
    ? 'An append contradicts what its leader has sent before'
    : undefined;
}

/**
 * How many of the entries our log has already. `undefined`, with an alarm: one contradicts what can not change. Of entries
 * that are not in memory any more the terms are compared alone: nothing is written in their place, whatever is sent.
 */
function countKnown(core: Core, append: Append): number | undefined {
  for (const [position, entry] of append.entries.entries()) {
    const ours = core.log.termAt(entry.index);
    if (ours === undefined) return position;
    if (ours !== entry.term) {
      const settled = settledBy(core, entry.index);
      if (settled === undefined) return position;
      alarm(core, settled, append);
      return undefined;
    }
    if (!equal(core.log.hashAt(entry.index) ?? entry.hash, entry.hash)) {
      alarm(core, 'An append has another entry at an index and term of our log', append);
      return undefined;
    }
  }
  return append.entries.length;
}

function countTimely(core: Core, previousMs: number, entries: readonly Entry[]): number {
  const [now, reachedMs] = [clockInLog(core), appliedByMajority(core)];
  let previous = previousMs;
  for (const [position, entry] of entries.entries()) {
    if (!isTimely(previous, entry.timeMs, now, reachedMs)) return position;
    previous = entry.timeMs;
  }
  return entries.length;
}

/** Where the logs can agree at the latest: the last entry here of no later term than the leader's at `prevIndex`. */
function conflict(core: Core, append: Append): AppendAnswer {
  const { prevIndex, prevTerm } = append;
  const hintIndex: LogIndex = core.log.lastWithTermAtMost(prevIndex, prevTerm);
  const hintTerm = core.log.termAt(hintIndex) ?? 0;
  return { refused: 'conflict', prevIndex, hintIndex, hintTerm };
}
