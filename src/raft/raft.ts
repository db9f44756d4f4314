import { assert, ClusterError, damagedLog, equal } from '../common/index.js';
import type { LogIndex, Millis, NodeId, Term } from '../common/index.js';
import type {
  Entry,
  HardState,
  Link,
  LogFront,
  LogPage,
  LogPageLimits,
  RoomLevel,
} from '../ports/index.js';
import { beginTransfer } from './begin-transfer.js';
import type { TransferRefusal } from './begin-transfer.js';
import { isLeaderAlive, tickElection } from './candidate.js';
import { greet, newestFor, repeatAcknowledgement } from './acknowledge.js';
import type { Acknowledged } from './acknowledgements.js';
import { acknowledgedBy, advanceCommit } from './commit.js';
import { leaderOf } from './core.js';
import type { Agreed, Core } from './core.js';
import { isReachable, propose, supply, tickLeader, ticksToHeartbeat } from './leader.js';
import { PAYLOAD_BYTES_MAX } from './limits.js';
import type { Timing } from './limits.js';
import { agree, nextTimeMs } from './log-time.js';
import type { LogNow, Standing } from './evidence/convict.js';
import type { Acknowledgement, Message } from './messages.js';
import { openCore } from './open.js';
import { patience } from './patience.js';
import type { Patience } from './patience.js';
import type { Loaded, RaftConfig } from './open.js';
import { beginRead, takeReadId, tickQuestion } from './read-index.js';
import {
  beginWrite,
  hasReady,
  readBack,
  takeApplicable,
  takeReady,
  takeUrgent,
  unreadBehind,
} from './ready.js';
import type { Ready, Urgent } from './ready.js';
import { hasRoomForNew, ticksToElection } from './room.js';
import { tickRoom } from './room-transfer.js';
import { step } from './step.js';
import { withhold } from './withhold.js';

export type RoleName = Core['role']['type'];

/**
 * A node as it was when it last saved. An empty log begins with the genesis, which is to be made durable first.
 *
 * @throws ClusterError `data-loss` when the log's chain is broken, begins with another genesis or does not fit the term.
 */
export function createRaft(config: RaftConfig, loaded: Loaded, now: Millis): Raft {
  return new Raft(openCore(config, loaded, now));
}

/**
 * One node's part in consensus (Raft, Ongaro and Ousterhout 2014, with PreVote and CheckQuorum of the dissertation).
 * It never sends, saves, waits or looks at a clock: it is told, and what follows is taken from it.
 */
export class Raft {
  readonly #core: Core;

  constructor(core: Core) {
    this.#core = core;
  }

  get id(): NodeId {
    return this.#core.id;
  }

  /** From now on this node says nothing, follows no leader and does not stand: what it has not sent yet is not sent. */
  withhold(): void {
    withhold(this.#core);
  }

  get isWithheld(): boolean {
    return this.#core.withheld;
  }

  /** The run, and the disk when it began, while nothing has changed since. */
  standing(): Standing {
    const { boot, term, votedFor, log } = this.#core;
    return { boot, term, votedFor, last: log.last.index };
  }

  /** As {@link LogNow}, but for the hashes. */
  logNow(): Omit<LogNow, 'hashAt'> {
    const { term, log } = this.#core;
    return { term, base: log.front, last: log.last.index };
  }

  /** The chain's hash at `index`, if it is in memory. */
  hashAt(index: LogIndex): Uint8Array | undefined {
    return this.#core.log.hashAt(index);
  }

  /** The newest acknowledgement of this term, with the clock of now. */
  acknowledgementFor(peer: NodeId): Acknowledgement | undefined {
    return newestFor(this.#core, peer);
  }

  get timing(): Timing {
    return this.#core.timing;
  }

  get role(): RoleName {
    return this.#core.role.type;
  }

  get term(): Term {
    return this.#core.term;
  }

  /** The node that this one believes to lead. */
  get leader(): NodeId | undefined {
    return leaderOf(this.#core);
  }

  get commit(): LogIndex {
    return this.#core.commit;
  }

  /** Handed out to be applied. */
  get applied(): LogIndex {
    return this.#core.applied;
  }

  get lastIndex(): LogIndex {
    return this.#core.log.last.index;
  }

  /** The log up to here survives a crash. */
  get durable(): LogIndex {
    return this.#core.log.durable;
  }

  /** The entry at `index`, durable or not, if it is in memory. */
  entry(index: LogIndex): Entry | undefined {
    return this.#core.log.at(index);
  }

  /**
   * Before anything else: the machine has applied entries up to here in an earlier life.
   *
   * @param agreed - What the machine's state says.
   * @throws ClusterError `data-loss` when the log does not reach so far.
   */
  restored(applied: LogIndex, agreed: Agreed): void {
    const { durable, front } = this.#core.log;
    if (applied > durable || applied < front) {
      const where = applied > durable ? 'ahead of the log' : 'behind the front of the log';
      throw damagedLog(`The state is ${where}, at ${applied}`);
    }
    this.#core.applied = applied;
    this.#core.agreed = agreed;
    // Applied entries had been committed.
    this.#core.commit = Math.max(this.#core.commit, applied);
  }

  /** An entry has been applied: the machine's state says so now. */
  agreed(agreed: Agreed): void {
    agree(this.#core, agreed);
  }

  /** Messages can flow to `peer` again. */
  connected(peer: NodeId): void {
    greet(this.#core, peer);
  }

  /**
   * Time has passed.
   *
   * @param suspect - The node was stalled, and messages may wait unread: no peer is given up for now.
   */
  tick(ticks: number, now: Millis, suspect = false): void {
    const core = this.#core;
    core.now = now;
    core.ticks += ticks;
    if (core.writingTicks !== undefined) core.writingTicks += ticks;
    if (core.role.type === 'leader') {
      tickLeader(core, core.role, ticks, suspect);
      tickRoom(core);
    } else {
      tickQuestion(core, ticks);
      if (!core.withheld) tickElection(core, ticks, suspect);
    }
    repeatAcknowledgement(core);
  }

  /** Ticks until something can be due: as leader a heartbeat, else an election or a question that is asked again. */
  ticksToNext(): number {
    const { role, timing, reads } = this.#core;
    if (role.type === 'leader') return Math.max(1, ticksToHeartbeat(this.#core, role));
    if (this.#core.withheld) return timing.electionTicksMin;
    const left = ticksToElection(this.#core);
    if (left > 0 && reads.asking === undefined) return left;
    return left > 0 ? Math.min(left, timing.heartbeatTicks) : timing.heartbeatTicks;
  }

  /** A message came from the node that its `from` names. */
  step(message: Message, now: Millis): void {
    this.#core.now = now;
    step(this.#core, message);
  }

  /**
   * Adds a command to the log, if this node leads. The entry may be lost until it is applied.
   *
   * @throws ClusterError `invalid-request` when the payload is longer than {@link PAYLOAD_BYTES_MAX}.
   */
  propose(payload: Uint8Array, now: Millis): Entry | 'not-leader' | 'overloaded' | 'no-room' {
    const core = this.#core;
    core.now = now;
    if (payload.length > PAYLOAD_BYTES_MAX) {
      throw new ClusterError('invalid-request', `The entry has ${payload.length} bytes`, {
        reason: 'ENTRY_TOO_LONG',
      });
    }
    return core.role.type === 'leader' ? propose(core, core.role, payload) : 'not-leader';
  }

  /** The room on the own disk, from now on. */
  setRoom(room: RoomLevel): void {
    this.#core.room = room;
  }

  /** As {@link hasRoomForNew}. */
  get hasRoomForNew(): boolean {
    return hasRoomForNew(this.#core);
  }

  /** As {@link beginTransfer}. While it is under way, nothing can be proposed. */
  transferLeadership(target?: NodeId): TransferRefusal | undefined {
    return beginTransfer(this.#core, target);
  }

  /** The voter that leadership is being handed over to. */
  get transferTarget(): NodeId | undefined {
    const { role } = this.#core;
    return role.type === 'leader' ? role.transfer?.target : undefined;
  }

  /** Why the last transfer of this leader's term was given up. */
  get transferFailed(): TransferRefusal | undefined {
    const { role } = this.#core;
    return role.type === 'leader' ? role.transferFailed : undefined;
  }

  /** The time that an entry which is proposed now would have; `undefined` where this node does not lead. */
  nextTimeMs(now: Millis): Millis | undefined {
    this.#core.now = now;
    return this.#core.role.type === 'leader' ? nextTimeMs(this.#core) : undefined;
  }

  /** Asks for an index at which a read that came now may be answered. Its result carries the id that is given back. */
  readIndex(now: Millis): number {
    this.#core.now = now;
    const id = takeReadId(this.#core);
    beginRead(this.#core, id);
    return id;
  }

  /** A write that no Ready asked for has begun. */
  persistStarted(): void {
    beginWrite(this.#core);
  }

  /** The write under way is durable. `last` and its hash: the last entry that it held, 0 and anything if none. */
  persisted(last: LogIndex, lastHash: Uint8Array): void {
    const core = this.#core;
    assert(core.writingTicks !== undefined, 'what is durable was being written');
    core.writingTicks = undefined;
    if (core.hardState === 'writing') core.hardState = 'durable';
    core.log.saved(last, lastHash);
    if (core.role.type === 'leader') core.matched = core.log.durable;
    advanceCommit(core);
    core.log.trim(core.commit, core.limits.logMemoryBytesMax);
  }

  /** As leader: the node has answered within an election timeout. Otherwise only of the leader itself. */
  reachable(peer: NodeId): boolean {
    const core = this.#core;
    if (core.role.type === 'leader') return isReachable(core, core.role, peer);
    return peer === core.id || (peer === leaderOf(core) && isLeaderAlive(core));
  }

  /**
   * As leader: milliseconds since this peer last answered it, or since the election. Otherwise since it last said anything of
   * consensus; `undefined` if it never did in this run.
   */
  heardAgoMs(peer: NodeId): Millis | undefined {
    const { heardTicks, ticks, timing, role } = this.#core;
    if (role.type === 'leader') {
      const progress = role.progress.get(peer);
      return progress && (role.ticks - progress.heardTick) * timing.tickMs;
    }
    const heardTick = heardTicks.get(peer);
    return heardTick === undefined ? undefined : (ticks - heardTick) * timing.tickMs;
  }

  /** As leader: this peer's log is durably equal to this node's up to here. */
  matchOf(peer: NodeId): LogIndex | undefined {
    const { role } = this.#core;
    return role.type === 'leader' ? role.progress.get(peer)?.match : undefined;
  }

  /** How far this node has acknowledged its log in its term, if it has. */
  get acknowledged(): Acknowledged | undefined {
    const { term, acknowledged: index, acknowledgedHash: hash } = this.#core;
    return index === 0 ? undefined : { term, index, hash };
  }

  /** How many voters have this log, durably, up to `index`, by what they have said in this term; this node among them. */
  confirming(index: LogIndex): number {
    const core = this.#core;
    const others = core.peers.filter((peer) => acknowledgedBy(core, peer) >= index).length;
    return others + (core.log.durable >= index ? 1 : 0);
  }

  /** The voters but this node. */
  get peers(): readonly NodeId[] {
    return this.#core.peers;
  }

  /** A leader is known, and this node has handed out an entry of the leader's own term. */
  caughtUp(): boolean {
    const core = this.#core;
    return leaderOf(core) !== undefined && core.log.termAt(core.applied) === core.term;
  }

  /** As {@link hasReady}. */
  hasReady(applying = true): boolean {
    return hasReady(this.#core, applying);
  }

  /** As {@link takeUrgent}. */
  takeUrgent(): Urgent {
    return takeUrgent(this.#core);
  }

  /** As {@link patience}. */
  patience(message: Message): Patience {
    return patience(this.#core, message);
  }

  /** As {@link takeReady}. */
  takeReady(applyMax = this.batchMax): Ready {
    return takeReady(this.#core, applyMax);
  }

  /** As {@link takeApplicable}. */
  takeApplicable(max: number): readonly Entry[] {
    return takeApplicable(this.#core, max);
  }

  /** The index behind which entries that may be applied must be read from the disk first, and given to {@link readBack}. */
  get unreadBehind(): LogIndex | undefined {
    return unreadBehind(this.#core);
  }

  /** As {@link readBack}. */
  readBack(page: LogPage): void {
    readBack(this.#core, page);
  }

  /** As {@link supply}: what {@link Urgent.wanted} has asked for. */
  supply(peer: NodeId, page: LogPage): void {
    const { role } = this.#core;
    if (role.type === 'leader') supply(this.#core, role, peer, page);
  }

  /** As much of the log as is read from the disk at once. */
  get pageLimits(): LogPageLimits {
    const { appendEntriesMax: entriesMax, appendBytesMax: bytesMax } = this.#core.limits;
    return { entriesMax, bytesMax };
  }

  /** The checkpoint at `index` has its certificate, and this node its state, durably: the log before it may go. */
  certified(index: LogIndex): void {
    this.#core.certified = Math.max(this.#core.certified, index);
  }

  /** This node keeps a record of what it applies, which is durable up to here: no entry behind it leaves the log. */
  recordedTo(index: LogIndex): void {
    this.#core.recorded = index;
  }

  /** As leader: the followers that lack entries which are removed. */
  get lacking(): readonly NodeId[] {
    const { role } = this.#core;
    if (role.type !== 'leader') return [];
    return [...role.progress].flatMap(([peer, { state }]) => (state === 'snapshot' ? [peer] : []));
  }

  /** As leader: a follower that lacked entries says that it has all up to `index`. */
  snapshotHeld(peer: NodeId, index: LogIndex): void {
    const { role, log } = this.#core;
    if (role.type === 'leader') role.progress.get(peer)?.held(Math.min(index, log.last.index));
  }

  /**
   * Whether the state behind the committed entry at `place` is of use here: this log does not have that entry, and nothing that
   * this node knows goes back by it.
   */
  lacks({ index, term, timeMs, hash }: Link): boolean {
    const { commit, log, appliedMs = 0 } = this.#core;
    const ours = log.hashAt(index);
    const hasIt = ours !== undefined && equal(ours, hash);
    return index > commit && !hasIt && term <= this.#core.term && timeMs >= appliedMs;
  }

  /** Where the log is to begin if the state behind `place` is taken, and what is to be kept beside it. */
  behind({ index, term, timeMs, hash }: Link): { hardState: HardState; front: LogFront } {
    const { log, votedFor } = this.#core;
    const front = { before: { index, term, timeMs, hash }, genesisHash: log.genesisHash };
    return { hardState: { term: this.#core.term, votedFor }, front };
  }

  /** As {@link Log.bytesBehind}. */
  bytesBehind(index: LogIndex): number {
    return this.#core.log.bytesBehind(index);
  }

  /** Of the log in memory. */
  get memoryBytes(): number {
    return this.#core.log.bytes;
  }

  /** The last entry that was removed from the log's front; 0 when all are there. */
  get front(): LogIndex {
    return this.#core.log.front;
  }

  /** Of the whole log, in memory and on disk alone, by {@link entryBytes}. */
  get logBytes(): number {
    return this.#core.log.bytes + this.#core.log.oldBytes;
  }

  /** Entries that one batch has at most. */
  get batchMax(): number {
    return this.#core.limits.applyEntriesMax;
  }
}
