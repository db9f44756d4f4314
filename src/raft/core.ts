import type { AlarmKind } from '../alarms/index.js';
import type { Budgets, LogIndex, Millis, NodeId, Term } from '../common/index.js';
import type { Entry, LogFields, Random, RoomLevel } from '../ports/index.js';
import type { Acknowledgements } from './acknowledgements.js';
import { PROMISES_MAX } from './limits.js';
import type { Timing, Limits } from './limits.js';
import type { Log } from './log.js';
import type { Message } from './messages.js';
import type { Progress } from './progress.js';
import type { Ballot } from './quorum.js';
import type { ClockReadings } from './time.js';

/** The role of a node (Raft, figure 4), with the data that only that role has. */
export type Role = FollowerRole | CandidateRole | LeaderRole;

export type FollowerRole = { readonly type: 'follower'; readonly leader: NodeId | undefined };

/** A precandidate has changed nothing yet: it asks whether it would be elected (Raft §9.6). */
export type CandidateRole = {
  readonly type: 'precandidate' | 'candidate';
  readonly ballot: Ballot;
};

export type LeaderRole = {
  readonly type: 'leader';
  /** In the order of the voters. */
  readonly progress: ReadonlyMap<NodeId, Progress>;
  /** The no-op of this term: when it is committed, all before it is known to be (Raft §8). */
  readonly firstIndex: LogIndex;
  readonly reads: LeaderReads;
  /** Counts what is to be confirmed; every append carries it. */
  round: number;
  /** Ticks since the election. */
  ticks: number;
  /** Since clocks were compared. */
  clocksElapsedTicks: number;
  /** The tick, counted as `ticks`, at which an entry was appended last. */
  appendedTick: number;
  uncommittedBytes: number;
  /** Since when the own clock has been away from those of the majority. */
  clockAwayTick: number | undefined;
  /** Leadership is being handed over: until that is over no proposal is taken. */
  transfer: Transfer | undefined;
  /** Why the last transfer of this term was given up. */
  transferFailed: 'behind' | 'not-elected' | undefined;
  /** When it had last tried all peers to hand leadership over for want of room, and how many of them it has tried since. */
  roomTick: number | undefined;
  roomTried: number;
};

/** Ticks are those of the leader's role. */
export type Transfer = {
  readonly target: NodeId;
  readonly sinceTick: number;
  /** When the target had the whole log and was told to stand. */
  toldTick: number | undefined;
  /** When it was last told. */
  sentTick: number;
};

/** The word of the leader of `term` that `target` may be elected over it in the next. */
export type Released = { readonly term: Term; readonly target: NodeId; readonly tick: number };

/** A read that waits for an index: one of this node, or a follower's request. */
export type Reader =
  | { readonly type: 'own'; readonly id: number }
  | { readonly type: 'follower'; readonly node: NodeId; readonly readId: number };

export type LeaderReads = {
  /** Came since the round under way was sent. */
  waiting: Reader[];
  /** Are answered with `index` when a majority has answered `round`, and `index` is committed. */
  confirming:
    | { readonly round: number; readonly index: LogIndex; readonly readers: readonly Reader[] }
    | undefined;
};

/** Reads of this node while another leads. */
export type FollowerReads = {
  /** Came since the question under way was sent. */
  waiting: number[];
  asking: Question | undefined;
};

export type Question = {
  readonly readId: number;
  readonly ids: readonly number[];
  ticks: number;
  sinceSentTicks: number;
};

/** The index at which a read of this node may be answered, or none: no leader could confirm that it leads. */
export type ReadResult = { readonly id: number; readonly index: LogIndex | undefined };

/** Something that an honest cluster never does. */
export type Alarm = {
  readonly kind: AlarmKind;
  /** The sender of the message that shows it. */
  readonly peer: NodeId | undefined;
  readonly fields: LogFields;
};

/** The part of the applied state that consensus goes by. */
export type Agreed = {
  /** The feature level up to which messages may be sent; 0 before the genesis. */
  readonly level: number;
  /** How far the log's time runs ahead of the clocks. */
  readonly correctionMs: Millis;
};

/** All that a node of the cluster remembers. Only the files of the roles work on it. */
export type Core = {
  readonly id: NodeId;
  /** This run of the process, 16 bytes. */
  readonly boot: Uint8Array;
  readonly voters: readonly NodeId[];
  /** The voters but this node. */
  readonly peers: readonly NodeId[];
  readonly random: Random;
  readonly timing: Timing;
  readonly limits: Limits;
  readonly log: Log;
  readonly clocks: ClockReadings;
  /** Of the other voters. */
  readonly acknowledgements: Acknowledgements;
  readonly reads: FollowerReads;
  readonly outbox: Outbox;
  /** How often each peer may move the term, and how often it may depose this node by its answers. */
  readonly termMoves: Budgets;
  readonly depositions: Budgets;
  /** How often this node gives leadership away for its clock. */
  readonly clockStepDowns: Budgets;
  role: Role;
  term: Term;
  votedFor: NodeId | undefined;
  /** Term and vote as on disk, being written, or still to be written. */
  hardState: 'durable' | 'writing' | 'unsaved';
  commit: LogIndex;
  /** The newest checkpoint whose certificate and state this node has, durably: whoever lacks what is before it can get that. */
  certified: LogIndex;
  /** The log up to here may go, as far as the record goes that this node keeps of it. */
  recorded: LogIndex;
  /**
   * The log is known to equal that of this term's leader up to here: by its appends or, at the leader itself, by a finished
   * write. Only that is acknowledged, and never taken back within the term.
   */
  matched: LogIndex;
  /** The newest acknowledgement that was made in this term, and the tick at which it was last sent; 0 if there was none. */
  acknowledged: LogIndex;
  /** The chain's at `acknowledged`: the entry need not be in memory any more. */
  acknowledgedHash: Uint8Array;
  acknowledgedTick: number;
  /** The last answer to an append of this term; none after a refusal. */
  answered: Answered | undefined;
  /** Handed out to be applied. */
  applied: LogIndex;
  /** The timestamp of that entry; unknown until one is handed out. */
  appliedMs: Millis | undefined;
  /** Entries behind `applied` that were read from the disk, for they are not in memory any more. One page at most. */
  readBack: readonly Entry[];
  agreed: Agreed;
  /** The own clock, as last told. */
  now: Millis;
  /** The last such word of a leader; it counts in its own term, and for a short while. */
  released: Released | undefined;
  /** When a correction of time was applied, until it is used for timestamps. */
  correctedTick: number | undefined;
  /** When the voters were last asked how far the log's time has come, and the highest that each has said. */
  timeAskedTick: number | undefined;
  readonly appliedTimes: Map<NodeId, Millis>;
  /** Since the start of the process. */
  ticks: number;
  /** The tick at which each peer last said anything. */
  readonly heardTicks: Map<NodeId, number>;
  /** Since a leader was heard, a vote granted or an election begun. */
  electionElapsedTicks: number;
  electionTimeoutTicks: number;
  /** How long the write under way has lasted. */
  writingTicks: number | undefined;
  /** On the own disk, as last told. */
  room: RoomLevel;
  /** The node takes no part: its disk is known to lack what it has promised. */
  withheld: boolean;
  nextReadId: number;
};

/** An answer to an append: the log equals the leader's up to `match`. */
export type Answered = {
  readonly match: LogIndex;
  readonly round: number;
  readonly tick: number;
};

/** The messages that wait to leave. */
export type Outbox = {
  now: Message[];
  afterPersist: Message[];
  reads: ReadResult[];
  /** At most one of each kind and peer, until they are taken. */
  alarms: Alarm[];
  /** At most one of each follower. */
  wanted: WantedPage[];
};

/** A part of the log that is not in memory, and that a follower lacks. */
export type WantedPage = { readonly peer: NodeId; readonly after: LogIndex };

/** Sends what promises nothing: pre-votes, a leader's messages, questions. */
export function sendNow(core: Core, message: Message): void {
  core.outbox.now.push(message);
}

/**
 * Sends what promises that term, vote and the log up to `index` are durable: at once if they are, else after the next
 * write. A promise to another node is on disk before the bytes that carry it are on the wire. Of {@link PROMISES_MAX} that wait
 * the oldest is lost.
 */
export function sendPromise(core: Core, message: Message, index: LogIndex): void {
  const kept = core.hardState === 'durable' && index <= core.log.durable;
  (kept ? core.outbox.now : core.outbox.afterPersist).push(message);
  if (core.outbox.afterPersist.length > PROMISES_MAX) core.outbox.afterPersist.shift();
}

export function alarm(core: Core, kind: AlarmKind, { from, term, type }: Message): void {
  raise(core, kind, from, { term, type });
}

export function raise(
  core: Core,
  kind: AlarmKind,
  peer: NodeId | undefined,
  fields: LogFields,
): void {
  const { alarms } = core.outbox;
  if (alarms.some((each) => each.kind === kind && each.peer === peer)) return;
  alarms.push({ kind, peer, fields });
}

/** Draws the next election timeout, so that nodes rarely stand at the same time (Raft §5.2). */
export function restartElectionTimer(core: Core): void {
  const { electionTicksMin, electionTicksMax } = core.timing;
  const drawn = new DataView(core.random.bytes(4).buffer).getUint32(0);
  core.electionElapsedTicks = 0;
  core.electionTimeoutTicks =
    electionTicksMin + (drawn % (electionTicksMax - electionTicksMin + 1));
}

/** Enters a later term, in which this node has not voted yet. */
export function enterTerm(core: Core, term: Term, votedFor: NodeId | undefined): void {
  core.term = term;
  core.votedFor = votedFor;
  core.hardState = 'unsaved';
  core.matched = 0;
  core.acknowledged = 0;
  core.answered = undefined;
  // Promises of a term that is over are of no use, and the entries that they speak of may be truncated unsaved.
  core.outbox.afterPersist = [];
}

/** The node that this one believes to lead. */
export function leaderOf(core: Core): NodeId | undefined {
  if (core.role.type === 'leader') return core.id;
  return core.role.type === 'follower' ? core.role.leader : undefined;
}

/** Whether the disk has kept a write for so long that a node that waits for it cannot lead. */
export function isDiskStalled(core: Core): boolean {
  return core.writingTicks !== undefined && core.writingTicks >= core.timing.electionTicksMin;
}
