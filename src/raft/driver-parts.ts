import type { Alarms } from '../alarms/index.js';
import type { LogIndex, Millis, NodeId, Term } from '../common/index.js';
import type {
  AuditHead,
  Clock,
  ConsensusStore,
  Entry,
  Logger,
  Meter,
  PatientNetwork,
  Room,
  RoomLevel,
  Write,
} from '../ports/index.js';
import type { CheckpointParts } from './checkpoints/parts.js';
import type { Agreed } from './core.js';
import type { EvidenceParts } from './evidence/parts.js';
import type { LogStanding } from './forks/forks.js';
import type { Raft, RoleName } from './raft.js';

/** The state machine that committed entries are applied to. Writes stay pending here until they are durable. */
export type Machine = {
  /** In order, each entry once. Never throws for what an entry contains; a throw ends the node. */
  apply(entry: Entry): void;
  /** The part of the state that consensus goes by, after the last entry that was applied. */
  readonly agreed: Agreed;
  /** The applied writes that are not durable yet. */
  pendingWrites(): readonly Write[];
  /** These, an earlier result of `pendingWrites`, are durable now. */
  flushed(writes: readonly Write[]): void;
  /**
   * How far the record is durable that it keeps of what it applies; absent where it keeps none. What later entries wrote is not
   * among {@link pendingWrites} yet, and stays in the log.
   */
  readonly recorded?: AuditHead | undefined;
  /** The machine takes no more entries for now. `RaftDriver.recorded` says when it does again. */
  readonly isHeld?: boolean;
  /** The entries of one batch have been applied. They are durable in the log; what they wrote may not be yet. */
  batchDone(): void;
};

export type RaftDriverParts = {
  readonly raft: Raft;
  readonly store: ConsensusStore;
  /** Its channel `raft`. */
  readonly network: PatientNetwork;
  readonly clock: Clock;
  readonly machine: Machine;
  /** The last entry whose writes the machine's durable state holds. */
  readonly applied: LogIndex;
  readonly logger: Logger;
  readonly alarms: Alarms;
  /** On the disk of `store`; boundless unless given. */
  readonly room?: Room | undefined;
  readonly meter?: Pick<Meter, 'leaderChanged'> | undefined;
  /** Without it, what this node says is not signed, and nothing is kept of what others say: for tests of other things. */
  readonly identity?: EvidenceParts | undefined;
  /** The notes of the store. */
  readonly notes?: ReadonlyMap<string, Uint8Array> | undefined;
  /** Without them, no log ends but by what all voters have. */
  readonly checkpoints?: CheckpointParts | undefined;
  /** Something that must not be survived: the driver has stopped for good, the process is to end. */
  readonly onFatal: (error: unknown) => void;
};

export type RaftStatus = {
  readonly role: RoleName;
  readonly term: Term;
  readonly leader: NodeId | undefined;
  readonly commit: LogIndex;
  readonly applied: LogIndex;
  /** A leader is known, and an entry of its term is applied here. */
  readonly caughtUp: boolean;
  /** On this node's disk; `none` too while a write waits for it. */
  readonly room: RoomLevel;
  readonly part: Part;
  readonly standing: LogStanding;
};

/** Whether a node takes part in consensus: it does, until its own words have proved that it has lost a part of its log. */
export type Part = 'takes' | 'log-lost';

/** How one node hears another in consensus. */
export type PeerStatus = {
  /** Since it last answered this leader, or else said anything; `undefined` if it never did in this run. */
  readonly heardAgoMs: Millis | undefined;
  /** As leader: its log is durably equal to this node's up to here. */
  readonly match: LogIndex | undefined;
};

/** Whether there are enough voters, as far as this node can tell. */
export type QuorumStatus = {
  /** This node leads and a majority hears it, or hears such a leader. */
  readonly present: boolean;
  /** Voters that this node hears, itself included. */
  readonly heard: number;
  readonly needed: number;
  /** All voters but this node. */
  readonly peers: ReadonlyMap<NodeId, PeerStatus>;
};
