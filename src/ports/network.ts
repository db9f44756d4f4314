import type { Boot, NodeId } from '../common/index.js';

/** Raft and sessions have connections of their own: bulk must not delay heartbeats. */
export type Channel = 'raft' | 'session';

/** Sends to other nodes. A message may be lost, repeated or overtaken, and is never altered. */
export interface Network {
  /** Queues `bytes` for `to`; drops them when there is no connection or the queue is full. Never throws, never waits. */
  send(to: NodeId, channel: Channel, bytes: Uint8Array): void;
}

/** What a network tells its node. A replica listens. */
export interface NetworkListener {
  /** Takes bytes of a peer's stream, whatever they are. */
  receive(from: NodeId, channel: Channel, bytes: Uint8Array): void;
  /** Messages can flow to `peer`, whose process is the one called `boot`. The newest boot counts. */
  connected(peer: NodeId, boot: Boot): void;
  disconnected(peer: NodeId): void;
}
