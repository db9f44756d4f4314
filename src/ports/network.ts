import type { NodeId } from '../common/index.js';

/** Raft and sessions have connections of their own: bulk must not delay heartbeats. */
export type Channel = 'raft' | 'session';

/** Sends to other nodes. A message may be lost, repeated or overtaken, and is never altered. */
export interface Network {
  /** Queues `bytes` for `to`; drops them when there is no connection or the queue is full. Never throws, never waits. */
  send(to: NodeId, channel: Channel, bytes: Uint8Array): void;
}
