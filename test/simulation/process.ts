import type { Boot, NodeId } from '../../src/common/index.js';
import type {
  Channel,
  Clock,
  ConsensusStore,
  Logger,
  Network,
  Random,
  Room,
  ShareStore,
  SnapshotFiles,
} from '../../src/ports/index.js';

/** What a process says of itself; the checkers look after every event. */
export type Status = {
  readonly term: number;
  readonly leader: NodeId | undefined;
  readonly commit: number;
  readonly applied: number;
  /** Where the process tells. */
  readonly role?: 'follower' | 'precandidate' | 'candidate' | 'leader';
  /** The node that leadership is being handed over to, where the process tells. */
  readonly transferTarget?: NodeId | undefined;
};

/** What runs on a machine: a whole node, or Raft alone. */
export interface Process {
  receive(from: NodeId, channel: Channel, bytes: Uint8Array): void;
  connected(peer: NodeId, boot: Boot): void;
  disconnected(peer: NodeId): void;
  status(): Status;
  /** As leader: hands leadership over. Gives whether another node leads because of it. */
  transfer?(target: NodeId | undefined, signal: AbortSignal): Promise<boolean>;
  stop(): Promise<void>;
}

/** The doors of one life. The signer and the verifier are the same in every life. */
export type LifePorts = {
  readonly boot: Boot;
  readonly clock: Clock;
  readonly random: Random;
  readonly network: Network;
  readonly consensus: ConsensusStore;
  readonly shares: ShareStore;
  readonly room: Room;
  readonly snapshots: SnapshotFiles;
  readonly logger: Logger;
  onFatal(error: unknown): void;
  /** It ends of its own accord, and is to be started again. */
  ends(): void;
};

/** Starts a process; it is running when the promise resolves. */
export type StartProcess<P extends Process> = (node: NodeId, ports: LifePorts) => Promise<P>;
