import { unreachable } from '../common/index.js';
import type { NodeId } from '../common/index.js';
import type { Entry, EntryKind, LogPage } from '../ports/index.js';
import { acknowledges } from './acknowledge.js';
import { requireChain } from './chain.js';
import { advanceCommit } from './commit.js';
import { alarm, isDiskStalled, sendNow } from './core.js';
import type { Core, LeaderRole } from './core.js';
import { sealEntry } from './entry-hash.js';
import { watchClocks } from './clock-watch.js';
import { becomeFollower } from './follower.js';
import { bytesOf, entryBytes } from './limits.js';
import type { Limits } from './limits.js';
import { firstOf } from './log.js';
import { nextTimeMs, watchTime } from './log-time.js';
import type { AppendReply } from './messages.js';
import { Progress } from './progress.js';
import { majorityOf } from './quorum.js';
import { beginRound, confirmReads } from './read-index.js';
import { advanceTransfer, tickTransfer } from './transfer.js';

/** Leads this term: begins with a no-op, without which nothing of earlier terms could be known committed (Raft §8). */
export function becomeLeader(core: Core): void {
  const firstIndex = core.log.last.index + 1;
  const role: LeaderRole = {
    type: 'leader',
    progress: new Map(core.peers.map((peer) => [peer, new Progress(firstIndex, 0)])),
    firstIndex,
    reads: { waiting: [], confirming: undefined },
    round: 0,
    ticks: 0,
    clocksElapsedTicks: 0,
    appendedTick: 0,
    uncommittedBytes: bytesOf(core.log.slice(core.commit, core.log.last.index)),
    clockAwayTick: undefined,
    transfer: undefined,
    transferFailed: undefined,
    roomTick: undefined,
    roomTried: 0,
  };
  core.role = role;
  appendOwn(core, role, 'no-op', new Uint8Array(0));
}

/**
 * Adds a command to the log, unless too much waits to be committed or the disk has no room for it. While leadership is handed over there is no leader that
 * takes one: the target's log would never be whole.
 */
export function propose(
  core: Core,
  role: LeaderRole,
  payload: Uint8Array,
): Entry | 'not-leader' | 'overloaded' | 'no-room' {
  if (role.transfer !== undefined) return 'not-leader';
  if (core.room === 'none') return 'no-room';
  if (role.uncommittedBytes + entryBytes({ payload }) > core.limits.uncommittedBytesMax) {
    return 'overloaded';
  }
  return appendOwn(core, role, 'command', payload);
}

function appendOwn(core: Core, role: LeaderRole, kind: EntryKind, payload: Uint8Array): Entry {
  const { log, term } = core;
  const { index, hash } = log.last;
  const timeMs = nextTimeMs(core);
  const entry = sealEntry(hash, { index: index + 1, term, kind, timeMs, payload });
  log.append(entry);
  role.appendedTick = role.ticks;
  role.uncommittedBytes += entryBytes(entry);
  return entry;
}

/** Sends heartbeats, and steps down when it can lead no longer. After a stall it waits for what is unread first. */
export function tickLeader(core: Core, role: LeaderRole, ticks: number, suspect: boolean): void {
  role.ticks += ticks;
  if (!suspect && (isDiskStalled(core) || !hearsMajority(core, role))) {
    becomeFollower(core, core.term, undefined);
    return;
  }
  const interval = heartbeatTicks(core, role);
  tickTransfer(core, role);
  // An append with entries says all that a heartbeat says.
  for (const progress of role.progress.values())
    if (role.ticks - progress.sentTick >= interval) progress.heartbeatDue = true;
  role.clocksElapsedTicks += ticks;
  if (role.clocksElapsedTicks < interval) return;
  role.clocksElapsedTicks = 0;
  watchTime(core);
  if (watchClocks(core, role)) yieldLeadership(core);
}

/** Followers that have nothing to take are not woken up as often as others. */
function heartbeatTicks({ timing }: Core, role: LeaderRole): number {
  const isIdle = role.ticks - role.appendedTick >= timing.idleAfterTicks;
  return isIdle ? timing.idleHeartbeatTicks : timing.heartbeatTicks;
}

/** Ticks until the first follower is due a heartbeat. One that is due already leaves with what this event brings. */
export function ticksToHeartbeat(core: Core, role: LeaderRole): number {
  const interval = heartbeatTicks(core, role);
  const ages = [...role.progress.values()].map(({ heartbeatDue, sentTick }) =>
    heartbeatDue ? 0 : role.ticks - sentTick,
  );
  return interval - Math.max(0, ...ages);
}

/** Lets the others elect another leader first. If they do not, this node stands again: a clock alone stops no cluster. */
function yieldLeadership(core: Core): void {
  becomeFollower(core, core.term, undefined);
  core.electionTimeoutTicks += 4 * core.timing.electionTicksMax;
}

/** Whether this follower has answered within the longest election timeout: it does not answer every heartbeat. */
export function isReachable(core: Core, role: LeaderRole, peer: NodeId): boolean {
  const progress = role.progress.get(peer);
  if (progress === undefined) return peer === core.id;
  return role.ticks - progress.heardTick < core.timing.electionTicksMax;
}

/** CheckQuorum (dissertation §6.2): a leader that no majority hears must not keep its clients waiting. */
function hearsMajority(core: Core, role: LeaderRole): boolean {
  const heard = core.voters.filter((voter) => isReachable(core, role, voter));
  return heard.length >= majorityOf(core.voters.length);
}

/** Sends every follower what it lacks and may get: entries and the commit index, a round to confirm, a heartbeat. */
export function replicate(core: Core, role: LeaderRole): void {
  beginRound(core, role);
  for (const [peer, progress] of role.progress) {
    // A follower is sent nothing that was removed, whatever it claims to lack: it has acknowledged that, or gets a snapshot.
    progress.skipTo(core.log.front + 1);
    if (progress.state === 'snapshot') {
      if (isAppendDue(core, role, progress)) sendFront(core, role, peer, progress);
      continue;
    }
    if (progress.next <= core.log.start) {
      wantPage(core, role, peer, progress);
      continue;
    }
    const sent = sendEntries(core, role, peer, progress);
    if (!sent && isAppendDue(core, role, progress)) sendAppend(core, role, peer, progress, []);
  }
  advanceTransfer(core, role);
}

function sendEntries(core: Core, role: LeaderRole, peer: NodeId, progress: Progress): boolean {
  let sent = false;
  while (progress.next <= core.log.last.index && progress.maySendEntries(core.limits)) {
    const entries = core.log.batch(progress.next, limitsOf(core, progress));
    sendAppend(core, role, peer, progress, entries);
    sent = true;
  }
  return sent;
}

/** A follower that has no room is asked with one entry at a time whether it has some again. */
function limitsOf({ limits }: Core, { refusedForRoom }: Progress): Limits {
  return refusedForRoom ? { ...limits, appendEntriesMax: 1 } : limits;
}

function isAppendDue(core: Core, role: LeaderRole, progress: Progress): boolean {
  return (
    progress.heartbeatDue ||
    progress.sentRound < role.round ||
    (!acknowledges(core) && canLearnCommit(core, progress))
  );
}

/** Where voters tell each other, a follower learns of a commit as soon as its leader, and a heartbeat makes up for losses. */
function canLearnCommit(core: Core, { state, sentCommit, next }: Progress): boolean {
  return state === 'replicate' && sentCommit < Math.min(core.commit, next - 1);
}

function sendAppend(
  core: Core,
  role: LeaderRole,
  to: NodeId,
  progress: Progress,
  entries: readonly Entry[],
): void {
  const previous = core.log.linkAt(progress.next - 1);
  if (previous !== undefined) sendBehind(core, role, to, progress, { previous, entries });
}

/** A heartbeat to a follower that lacks what was removed. It shows whether that is still so. */
function sendFront(core: Core, role: LeaderRole, peer: NodeId, progress: Progress): void {
  sendBehind(core, role, peer, progress, { previous: core.log.frontLink, entries: [] });
}

function sendBehind(
  core: Core,
  role: LeaderRole,
  to: NodeId,
  progress: Progress,
  { previous, entries }: LogPage,
): void {
  const { id: from, term, commit } = core;
  const { round } = role;
  const { index: prevIndex, term: prevTerm, hash: prevHash } = previous;
  sendNow(core, {
    type: 'append',
    from,
    to,
    term,
    round,
    prevIndex,
    prevTerm,
    prevHash,
    entries,
    commit,
  });
  progress.sent(prevIndex + entries.length, bytesOf(entries), commit, round);
  progress.sentTick = role.ticks;
}

/** Asks for the part of the log that this follower is to get, and that is not in memory: its heartbeats are made of it, too. */
function wantPage(core: Core, role: LeaderRole, peer: NodeId, progress: Progress): void {
  if (progress.wanted) return;
  if (!progress.maySendEntries(core.limits) && !isAppendDue(core, role, progress)) return;
  progress.wanted = true;
  core.outbox.wanted.push({ peer, after: progress.next - 1 });
}

/**
 * Takes a part of the log that was asked for, and sends the follower what it may get of it now.
 *
 * @throws ClusterError `data-loss` when it is not what a log of ours has there.
 */
export function supply(core: Core, role: LeaderRole, peer: NodeId, page: LogPage): void {
  const progress = role.progress.get(peer);
  if (progress?.wanted !== true) return;
  progress.wanted = false;
  const { previous, entries } = page;
  // The follower is to get another part since.
  if (previous.index !== progress.next - 1) return;
  requireChain(previous, entries);
  // The rest is in memory, and what the disk has in its place need not be the same.
  const old = entries.filter((entry) => entry.index <= core.log.start);
  const sent = progress.maySendEntries(core.limits) ? firstOf(old, limitsOf(core, progress)) : [];
  sendBehind(core, role, peer, progress, { previous, entries: sent });
}

/** A follower's answer to an append of this term. */
export function onAppendReply(core: Core, role: LeaderRole, reply: AppendReply): void {
  const progress = role.progress.get(reply.from);
  const { answer } = reply;
  if (progress === undefined) return;
  if (answer.refused !== 'conflict' && answer.match > core.log.last.index) {
    alarm(core, 'A follower acknowledges what its leader does not have', reply);
    return;
  }
  core.clocks.record(reply.from, reply.clockMs, core.now);
  progress.heardTick = role.ticks;
  progress.laterTermTick = undefined;
  progress.answeredRound = Math.max(progress.answeredRound, Math.min(reply.round, role.round));

  switch (answer.refused) {
    case undefined:
      progress.matched(answer.match);
      break;
    case 'conflict': {
      if (progress.match < answer.prevIndex && answer.prevIndex <= core.log.front) {
        if (core.certified >= core.log.front) {
          progress.lacks();
          break;
        }
        alarm(
          core,
          'A follower lacks entries that it has acknowledged and all have removed',
          reply,
        );
        break;
      }
      const guess = core.log.lastWithTermAtMost(answer.hintIndex, answer.hintTerm);
      progress.conflicted(answer.prevIndex, guess);
      break;
    }
    case 'time':
    case 'room':
      progress.refused(answer.match, answer.refused);
      break;
    default:
      unreachable(answer);
  }
  advanceCommit(core);
  confirmReads(core, role);
  if (isRefusedForTime(core, role)) becomeFollower(core, core.term, undefined);
}

/** Whether so many refuse this leader's time that the rest is no majority. */
function isRefusedForTime(core: Core, role: LeaderRole): boolean {
  const refusing = [...role.progress.values()].filter((progress) => progress.refusedForTime);
  return core.voters.length - refusing.length < majorityOf(core.voters.length);
}
