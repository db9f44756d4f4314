import type { ClusterId, LogIndex, Millis, NodeId, Term } from '../common/index.js';
import type { OpenSecrets } from '../keys/index.js';
import type { AuditStanding } from '../audit/index.js';
import type { RoomLevel } from '../ports/index.js';
import type {
  ForkEvidence,
  Led,
  LogSizes,
  LogStanding,
  Part,
  QuorumStatus,
} from '../raft/index.js';
import type {
  ActiveKey,
  KeyFilter,
  Listed,
  ListPage,
  Queries,
  TaskFilter,
} from '../state/index.js';
import type {
  MonitorStatus,
  PresignatureStocks,
  LeadershipOrder,
  PrimeStock,
  ProvenCulprit,
  SessionFailureCount,
  Submission,
  UnlockOrder,
} from '../tasks/index.js';
import type { LevelWord, TaskRecord } from '../wire/index.js';
import type { Measure } from './measure.js';

/** The functions that the operations need of a node. A replica has them. */
export interface Backend {
  /**
   * Brings a client's request into the log and waits for its task, done or failed, as this node's own state has it; a
   * generated key's certificate is complete then. A signature that the log has not recorded yet comes with an open task's record:
   * it has no end time, and an outcome that this node has verified.
   *
   * @throws {ClusterError} The request is refused, no leader can be reached, or the wait is over.
   */
  submit(submission: Submission): Promise<TaskRecord>;
  /**
   * The state, not older than this call (Raft ReadIndex).
   *
   * @throws {ClusterError} `no-quorum`, when that cannot be known.
   */
  read(signal: AbortSignal): Promise<Queries>;
  /**
   * One page of the tasks that a filter names, the newest first; as they are when this is called, or later.
   *
   * @throws {ClusterError} `no-quorum`, as for `read`; `overloaded` (`TOO_MANY_LISTS`) when too many lists wait.
   */
  listTasks(filter: TaskFilter, page: ListPage, by: ListCaller): Promise<Listed<TaskRecord>>;
  /** The same of keys, in order of their ids. */
  listKeys(filter: KeyFilter, page: ListPage, by: ListCaller): Promise<Listed<ActiveKey>>;
  /** The state as applied here, which may be behind. */
  local(): Queries;
  /** Nodes that are proved to have lied in a task: evidence of the log and what came here, judged here. */
  culprits(task: TaskRecord): Promise<readonly ProvenCulprit[]>;
  /** Failed sessions that this node counts for itself, the most first. */
  signingFailures(): readonly SessionFailureCount[];
  /**
   * Clears one count of them.
   *
   * @returns The failures that were forgotten; `undefined` where there is no such count.
   * @throws {ClusterError} No operator has signed that for now.
   */
  unlockSigning(order: UnlockOrder): Promise<number | undefined>;
  /**
   * Has the leader hand over, as an operator has signed it.
   *
   * @returns Who leads now.
   * @throws {ClusterError} Leadership stays, or what became of it is not known.
   */
  transferLeadership(order: LeadershipOrder, signal: AbortSignal): Promise<Led>;
  status(): NodeStatus;
  /** Whether there are enough voters, and how this node hears each. */
  quorum(): QuorumStatus;
}

/** The end of the call that a list is made for, and the account of what it costs. */
export type ListCaller = {
  readonly signal: AbortSignal;
  /** Charges the caller with a step of the work. */
  readonly measure: Measure;
};

/** A node as it sees itself and the cluster now. */
export type NodeStatus = {
  readonly clusterId: ClusterId;
  readonly nodeId: NodeId;
  readonly leader: NodeId | undefined;
  readonly term: Term;
  readonly commit: LogIndex;
  readonly applied: LogIndex;
  /** A leader is known, and an entry of its term is applied here. */
  readonly caughtUp: boolean;
  /** Other nodes that can be reached now. */
  readonly connected: readonly NodeId[];
  /** The feature level of the state, as applied here. */
  readonly level: number;
  /** Signed words on which build each node runs: this node's, and the newest that was heard of each other. */
  readonly builds: ReadonlyMap<NodeId, LevelWord>;
  /** Of this node, in memory: of each profile that it uses. */
  readonly primeStocks: readonly PrimeStock[];
  readonly openSecrets: OpenSecrets;
  /** Of this node, in memory. */
  readonly presignatures: PresignatureStocks;
  /** How the voters do, as this node knows it. */
  readonly monitor: MonitorStatus;
  /** The state machine's clock. */
  readonly timeMs: Millis;
  /** How often operators have corrected it. */
  readonly timeCorrections: number;
  /** On this node's disk. */
  readonly room: RoomLevel;
  /** Whether it takes part in consensus. */
  readonly part: Part;
  /** Of it, in bytes, where that is known. */
  readonly freeBytes: number | undefined;
  /** Of this node. */
  readonly log: LogSizes;
  /** How its log stands among what voters have signed of theirs, and what contradicts itself there. */
  readonly standing: LogStanding;
  readonly forks: readonly ForkEvidence[];
  /** How its audit log keeps up; absent of a node that keeps none. */
  readonly audit?: AuditStanding | undefined;
};
