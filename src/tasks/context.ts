import type { Alarms } from '../alarms/index.js';
import type { Boot, Millis, NodeId, Term } from '../common/index.js';
import type { Clock, Logger, Signer, Tracer } from '../ports/index.js';
import type { Led, TransferRefusal } from '../raft/index.js';
import type { JudgingContext, Queries, View } from '../state/index.js';
import type { TaskMessageBody } from '../wire/index.js';

/** Consensus, as far as tasks use it. */
export type Consensus = {
  /** @param isNew - It begins something that need not be begun: refused while the disks are low on room. */
  propose(
    payload: Uint8Array,
    isNew?: boolean,
  ): 'proposed' | 'not-leader' | 'overloaded' | 'no-room';
  /** The time that an entry which is proposed now would get; `undefined` where this node does not lead. */
  nextTimeMs(): Millis | undefined;
  /** As leader: since this voter last answered it, or since the election; `undefined` of this node itself. */
  heardAgoMs(voter: NodeId): Millis | undefined;
  /** As leader: how many committed entries this voter lacks, by what it has said; `undefined` of this node itself. */
  lagOf(voter: NodeId): number | undefined;
  /** Resolves when no write to the disk is under way of those that are now. */
  written(): Promise<void>;
  /** As `RaftDriver` has them. */
  transferLeadership(
    target: NodeId | undefined,
    signal: AbortSignal,
  ): Promise<Led | TransferRefusal>;
  laterLeader(term: Term, signal: AbortSignal): Promise<Led | TransferRefusal>;
  status(): {
    readonly role: 'follower' | 'precandidate' | 'candidate' | 'leader';
    readonly term: Term;
    readonly leader: NodeId | undefined;
    /** An entry of the current term is applied here. Nothing is done for the state before that. */
    readonly caughtUp: boolean;
    /**
     * Caught up, and all that was known to be committed when the last entry was applied is applied too: what is open
     * here is open. No node contributes to a session before that.
     */
    readonly current: boolean;
  };
};

/** This node, in this run of its process. */
export type Self = {
  readonly id: NodeId;
  readonly boot: Boot;
  readonly signer: Signer;
};

/** Messages to voters. A call neither throws nor waits; a message may be lost. */
export type Outbox = {
  /** To another node, or to this one. */
  readonly send: (to: NodeId, message: TaskMessageBody) => void;
  /** The same to every voter, this node included. */
  readonly broadcast: (message: TaskMessageBody) => void;
  /**
   * To a node that does not wait for it: along with what leaves next for it, `withinMs` later at the latest.
   *
   * @param message - Gives the message when it leaves, or nothing where it is of no use any more.
   */
  readonly sendSoon: (
    to: NodeId,
    withinMs: Millis,
    message: () => TaskMessageBody | undefined,
  ) => void;
  /** All voters, this node included. */
  readonly voters: () => readonly NodeId[];
};

/** The replicated state as applied here. */
export type AppliedState = {
  readonly view: View;
  readonly queries: Queries;
};

/** The context that nearly every part of the task manager needs. A part takes anything else by name. */
export type TaskContext = {
  readonly self: Self;
  readonly clock: Clock;
  readonly logger: Logger;
  /** For what another node or a caller can cause. */
  readonly alarms: Alarms;
  readonly judging: JudgingContext;
  /** Claims of certificates that one is revoked, by the state as applied here. */
  readonly isRevoked: Queries['isRevoked'];
  /** Claims that this node's audit log does not keep up with what it applies: it gives no share then. */
  readonly isAuditBehind?: () => boolean;
  /** Claims that another voter contradicts this node's log and no majority confirms it: it gives no share then. */
  readonly isUnconfirmed?: () => boolean;
  readonly tracer?: Tracer | undefined;
  readonly consensus: Consensus;
  readonly outbox: Outbox;
};
