import type { Boot, Millis, NodeId } from '../common/index.js';

/** Raft and tasks have connections of their own: bulk must not delay heartbeats. */
export type Channel = 'raft' | 'tasks';

/** Sends to other nodes. A message may be lost, repeated or overtaken, and is never altered. */
export interface Network {
  /** Queues `bytes` for `to`; drops them when there is no connection or the queue is full. Never throws, never waits. */
  send(to: NodeId, channel: Channel, bytes: Uint8Array): void;
}

/** A network by which a message that nothing waits for can go along with others. */
export interface PatientNetwork extends Network {
  /**
   * Sends before the next message that leaves for `to`, at once behind it, `withinMs` from now at the latest.
   *
   * @param message - Gives the bytes when they leave, or nothing where they are of no use any more.
   * @param longerMs - Asked once, when that time is over: how much longer the message may wait.
   */
  sendSoon(
    to: NodeId,
    channel: Channel,
    withinMs: Millis,
    message: () => Uint8Array | undefined,
    longerMs?: () => Millis,
  ): void;
}

/** A node's signed word on which build it runs, as `quorate.v1.LevelWord` has it. */
export type BuildWord = {
  readonly nodeId: string;
  readonly incarnation: number;
  /** The highest feature level that the build has. */
  readonly level: number;
  /** Ed25519 by the node's identity key, 64 bytes. Not checked by the network. */
  readonly signature: Uint8Array;
};

/** The events that a network reports to its node. A replica listens. */
export interface NetworkListener {
  /**
   * Claims that what `peer` sent may be read: it names no feature level above the cluster's. Counts it where it may not.
   *
   * @param level - What the message or hello names in its first field; `undefined` where it names none.
   */
  admits(peer: NodeId, level: number | undefined): boolean;
  /** Takes any bytes of a peer's stream. */
  receive(from: NodeId, channel: Channel, bytes: Uint8Array): void;
  /** Messages can flow to `peer`, whose process is called `boot` and says `build` of itself. The newest boot counts. */
  connected(peer: NodeId, boot: Boot, build?: BuildWord): void;
  disconnected(peer: NodeId): void;
}
