import { assert, ClusterError, unreachable } from '../common/index.js';
import type { LogIndex, Millis, NodeId, Term } from '../common/index.js';
import type { Entry, HardState, Persist, Random } from '../ports/index.js';
import { isLeaderAlive, onVoteReply, onVoteRequest, tickElection } from './candidate.js';
import { alarm, leaderOf, restartElectionTimer, sendNow } from './core.js';
import type { Alarm, Core, ReadResult } from './core.js';
import { sealEntry, ZERO_HASH } from './entry-hash.js';
import { becomeFollower, onAppend, refuseStaleAppend } from './follower.js';
import {
  advanceCommit,
  isReachable,
  onAppendReply,
  propose,
  replicate,
  tickLeader,
} from './leader.js';
import { LIMITS, PAYLOAD_BYTES_MAX, TERM_JUMP_MAX, TIMING, VOTERS_MAX } from './limits.js';
import type { Limits, Timing } from './limits.js';
import { Log } from './log.js';
import type { Message } from './messages.js';
import {
  askLeader,
  beginRead,
  firstReadId,
  onReadReply,
  onReadRequest,
  takeReadId,
  tickQuestion,
} from './read-index.js';
import { ClockReadings } from './time.js';

export type RaftConfig = {
  readonly id: NodeId;
  /** All voters, this node included, in an order that is the same everywhere. */
  readonly voters: readonly NodeId[];
  readonly genesis: { readonly payload: Uint8Array; readonly timeMs: Millis };
  readonly random: Random;
  readonly timing?: Partial<Timing>;
  readonly limits?: Partial<Limits>;
};

export type RoleName = 'follower' | 'precandidate' | 'candidate' | 'leader';

/** What may be acted on at any time, a write under way or not. */
export type Urgent = {
  readonly sendNow: readonly Message[];
  readonly reads: readonly ReadResult[];
  readonly alarms: readonly Alarm[];
};

/** What is to be done, in this order: send, apply, persist, tell `persisted`, send the rest. */
export type Ready = Urgent & {
  /** To be made durable together. */
  readonly persist: Omit<Persist, 'writes' | 'applied'> | undefined;
  /** Promises: they leave when `persist` is durable. */
  readonly sendAfterPersist: readonly Message[];
  /** Committed, and durable here: up to min(commit, own durable index), each entry once and in order. */
  readonly apply: readonly Entry[];
};

/**
 * One node's part in consensus (Raft, Ongaro and Ousterhout 2014, with PreVote and CheckQuorum of the dissertation).
 * It never sends, saves, waits or looks at a clock: it is told, and what follows is taken from it.
 */
export interface Raft {
  readonly id: NodeId;
  readonly timing: Timing;
  readonly role: RoleName;
  readonly term: Term;
  readonly leader: NodeId | undefined;
  readonly commit: LogIndex;
  /** Handed out to be applied. */
  readonly applied: LogIndex;
  /** The entry at `index`, durable or not. */
  entry(index: LogIndex): Entry | undefined;
  readonly lastIndex: LogIndex;
  readonly durable: LogIndex;
  /** Before anything else: the machine has applied entries up to here in an earlier life. */
  restored(applied: LogIndex): void;
  /**
   * Time has passed.
   *
   * @param suspect - The node was stalled, and messages may wait unread: nobody is given up for now.
   */
  tick(ticks: number, now: Millis, suspect?: boolean): void;
  /** A message came from the node that its `from` names. */
  step(message: Message, now: Millis): void;
  /**
   * Adds a command to the log, if this node leads.
   *
   * @throws ClusterError `invalid-request` when the payload is longer than {@link PAYLOAD_BYTES_MAX}.
   */
  propose(payload: Uint8Array, now: Millis): Entry | 'not-leader' | 'overloaded';
  /** Asks for an index at which a read that came now may be answered. Its result carries the id that is given back. */
  readIndex(now: Millis): number;
  /** A write that no Ready asked for has begun. */
  persistStarted(): void;
  /** The write under way is durable. `last` and its hash: the last entry that it held, 0 and anything if none. */
  persisted(last: LogIndex, lastHash: Uint8Array): void;
  /** As leader: the node has answered within an election timeout. Otherwise only of the leader itself. */
  reachable(peer: NodeId): boolean;
  /** A leader is known, and this node has handed out an entry of the leader's own term. */
  caughtUp(): boolean;
  hasReady(): boolean;
  takeUrgent(): Urgent;
  /** Not while a write is under way. A Ready with something to persist begins one. */
  takeReady(): Ready;
}

/**
 * A node as it was when it last saved. An empty log begins with the genesis, which is to be made durable first.
 *
 * @throws ClusterError `data-loss` when the log's chain is broken, begins with another genesis or is ahead of the term.
 */
export function createRaft(
  config: RaftConfig,
  loaded: { readonly hardState: HardState; readonly entries: readonly Entry[] },
  now: Millis,
): Raft {
  const { id, voters } = config;
  const timing = { ...TIMING, ...config.timing };
  assert(voters.includes(id), 'a node of Raft is a voter');
  assert(new Set(voters).size === voters.length && voters.length <= VOTERS_MAX, 'voters differ');
  assert(
    timing.heartbeatTicks < timing.electionTicksMin &&
      timing.electionTicksMin <= timing.electionTicksMax,
    'heartbeats come more often than elections',
  );
  const limits = { ...LIMITS, ...config.limits };
  assert(
    limits.appendBytesMax <= LIMITS.appendBytesMax &&
      limits.appendEntriesMax <= LIMITS.appendEntriesMax,
    'an append fits into a message',
  );
  const { payload, timeMs } = config.genesis;
  const genesis = sealEntry(ZERO_HASH, { index: 1, term: 1, kind: 'genesis', timeMs, payload });
  const log = Log.open(genesis, loaded.entries);
  const isNew = loaded.entries.length === 0;
  if (loaded.hardState.term < log.last.term && !isNew) {
    throw new ClusterError('data-loss', 'The log is ahead of the saved term', {
      reason: 'LOG_DAMAGED',
    });
  }
  const core: Core = {
    id,
    voters,
    peers: voters.filter((voter) => voter !== id),
    random: config.random,
    timing,
    limits,
    log,
    clocks: new ClockReadings(),
    reads: { waiting: [], asking: undefined },
    outbox: { now: [], afterPersist: [], reads: [], alarms: [], lastAlarm: '' },
    role: { type: 'follower', leader: undefined },
    term: Math.max(loaded.hardState.term, log.last.term),
    votedFor: loaded.hardState.votedFor,
    hardState: isNew ? 'unsaved' : 'durable',
    // Every voter's log begins with the same genesis: it needs no majority.
    commit: 1,
    applied: 0,
    now,
    electionElapsedTicks: 0,
    electionTimeoutTicks: timing.electionTicksMax,
    writingTicks: undefined,
    nextReadId: firstReadId(config.random.bytes(6)),
  };
  restartElectionTimer(core);
  return new RaftNode(core);
}

class RaftNode implements Raft {
  readonly #core: Core;

  constructor(core: Core) {
    this.#core = core;
  }

  get id(): NodeId {
    return this.#core.id;
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

  get leader(): NodeId | undefined {
    return leaderOf(this.#core);
  }

  get commit(): LogIndex {
    return this.#core.commit;
  }

  get applied(): LogIndex {
    return this.#core.applied;
  }

  get lastIndex(): LogIndex {
    return this.#core.log.last.index;
  }

  get durable(): LogIndex {
    return this.#core.log.durable;
  }

  entry(index: LogIndex): Entry | undefined {
    return this.#core.log.at(index);
  }

  restored(applied: LogIndex): void {
    if (applied > this.#core.log.durable) {
      throw new ClusterError('data-loss', 'The state is ahead of the log', {
        reason: 'LOG_DAMAGED',
      });
    }
    this.#core.applied = applied;
    this.#core.commit = Math.max(this.#core.commit, applied);
  }

  tick(ticks: number, now: Millis, suspect = false): void {
    const core = this.#core;
    core.now = now;
    if (core.writingTicks !== undefined) core.writingTicks += ticks;
    if (core.role.type === 'leader') {
      tickLeader(core, core.role, ticks, suspect);
    } else {
      tickQuestion(core, ticks);
      tickElection(core, ticks, suspect);
    }
  }

  step(message: Message, now: Millis): void {
    const core = this.#core;
    core.now = now;
    if (message.to !== core.id || !core.peers.includes(message.from)) return;
    if (message.term > core.term + TERM_JUMP_MAX) {
      alarm(core, 'A term is too far ahead', message);
      return;
    }
    if (!meetTerm(core, message)) return;
    dispatch(core, message);
  }

  propose(payload: Uint8Array, now: Millis): Entry | 'not-leader' | 'overloaded' {
    const core = this.#core;
    core.now = now;
    if (payload.length > PAYLOAD_BYTES_MAX) {
      throw new ClusterError('invalid-request', 'The entry is too long', {
        reason: 'ENTRY_TOO_LONG',
      });
    }
    return core.role.type === 'leader' ? propose(core, core.role, payload) : 'not-leader';
  }

  readIndex(now: Millis): number {
    this.#core.now = now;
    const id = takeReadId(this.#core);
    beginRead(this.#core, id);
    return id;
  }

  persistStarted(): void {
    assert(this.#core.writingTicks === undefined, 'one write is under way at a time');
    this.#core.writingTicks = 0;
  }

  persisted(last: LogIndex, lastHash: Uint8Array): void {
    const core = this.#core;
    assert(core.writingTicks !== undefined, 'what is durable was being written');
    core.writingTicks = undefined;
    if (core.hardState === 'writing') core.hardState = 'durable';
    core.log.saved(last, lastHash);
    if (core.role.type === 'leader') advanceCommit(core, core.role);
  }

  reachable(peer: NodeId): boolean {
    const core = this.#core;
    if (core.role.type === 'leader') return isReachable(core, core.role, peer);
    return peer === core.id || (peer === leaderOf(core) && isLeaderAlive(core));
  }

  caughtUp(): boolean {
    const core = this.#core;
    return leaderOf(core) !== undefined && core.log.termAt(core.applied) === core.term;
  }

  hasReady(): boolean {
    const core = this.#core;
    this.#flush();
    const { outbox } = core;
    return (
      outbox.now.length + outbox.afterPersist.length + outbox.reads.length + outbox.alarms.length >
        0 ||
      core.hardState === 'unsaved' ||
      core.log.hasUnsaved() ||
      this.#applicable() > core.applied
    );
  }

  takeUrgent(): Urgent {
    this.#flush();
    const { outbox } = this.#core;
    const { now, reads, alarms } = outbox;
    outbox.now = [];
    outbox.reads = [];
    outbox.alarms = [];
    return { sendNow: now, reads, alarms };
  }

  takeReady(): Ready {
    const core = this.#core;
    assert(core.writingTicks === undefined, 'one write is under way at a time');
    const urgent = this.takeUrgent();
    const persist = this.#takePersist();
    if (persist !== undefined) this.persistStarted();
    const sendAfterPersist = core.outbox.afterPersist;
    core.outbox.afterPersist = [];
    const last = Math.min(this.#applicable(), core.applied + core.limits.applyEntriesMax);
    const apply = core.log.slice(core.applied, last);
    core.applied = last;
    return { ...urgent, persist, sendAfterPersist, apply };
  }

  #takePersist(): Ready['persist'] {
    const core = this.#core;
    const { truncateFrom, entries } = core.log.takeUnsaved();
    if (core.hardState !== 'unsaved' && entries.length === 0) return undefined;
    const { term, votedFor } = core;
    const isChanged = core.hardState === 'unsaved';
    if (isChanged) core.hardState = 'writing';
    return {
      ...(isChanged && { hardState: { term, votedFor } }),
      ...(truncateFrom !== undefined && { truncateFrom }),
      entries,
    };
  }

  #applicable(): LogIndex {
    // A commit index can be ahead of our disk. What is applied leads to promises, so it is durable here first.
    return Math.max(this.#core.applied, Math.min(this.#core.commit, this.#core.log.durable));
  }

  #flush(): void {
    const core = this.#core;
    if (core.role.type === 'leader') replicate(core, core.role);
    else askLeader(core);
  }
}

/** Raft §5.1: a later term always wins, an earlier one is stale. Says whether the message is still of interest. */
function meetTerm(core: Core, message: Message): boolean {
  const isPreVote =
    (message.type === 'vote-request' && message.pre) ||
    (message.type === 'vote-reply' && message.pre && message.granted);
  if (message.type === 'vote-request' && message.term > core.term && isLeaderAlive(core)) {
    return false;
  }
  if (isPreVote) return true;
  if (message.term > core.term) {
    becomeFollower(core, message.term, message.type === 'append' ? message.from : undefined);
  } else if (message.term < core.term) {
    answerStale(core, message);
    return false;
  }
  return true;
}

/** Who still is in an earlier term learns of ours where it waits for an answer; the rest is a late copy. */
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
    case 'read-request':
      return onReadRequest(core, message);
    case 'read-reply':
      return onReadReply(core, message);
    default:
      return unreachable(message);
  }
}
